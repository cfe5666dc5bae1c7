#include "tools/loa/volume.hpp"

#include <fmt/format.h>

#include <charconv>

namespace loa::tool {

namespace json = boost::json;

namespace {

// The controller judges the times; here only the three parts are told apart.
json::object hours_of(const std::string& text) {
  const auto dash = text.find('-');
  const auto equals = text.find('=', dash == std::string::npos ? 0 : dash);
  int volume = 0;
  if (dash != std::string::npos && equals != std::string::npos) {
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + equals + 1, end, volume);
    if (read.ec == std::errc() && read.ptr == end)
      return {{"from", text.substr(0, dash)}, {"to", text.substr(dash + 1, equals - dash - 1)}, {"volume", volume}};
  }
  throw CommandError(kUsage, fmt::format("--hours {}: FROM-TO=PERCENT is wanted, like 21:00-24:00=40", text));
}

}  // namespace

void add_volume_options(CLI::App* command, VolumeOptions& options) {
  command->add_option("--volume", options.volume, "Of broadcasts")->check(CLI::Range(0, 100));
  command->add_option("--alert-volume", options.alert_volume, "Of alerts")->check(CLI::Range(0, 100));
  auto* hours = command->add_option("--hours", options.hours, "Of broadcasts in a part of each day, FROM-TO=PERCENT; may be repeated, and replaces what was set");
  command->add_flag("--no-hours", options.no_hours, "The same volume all day")->excludes(hours);
}

json::object change_of(const VolumeOptions& options) {
  json::object change;
  if (options.volume >= 0) change["volume"] = options.volume;
  if (options.alert_volume >= 0) change["alert_volume"] = options.alert_volume;
  json::array hours;
  for (const auto& one : options.hours) hours.push_back(hours_of(one));
  if (options.no_hours || !hours.empty()) change["volume_by_hour"] = std::move(hours);
  if (change.empty()) throw CommandError(kUsage, "give --volume, --alert-volume, --hours or --no-hours");
  return change;
}

void change_settings(const Context& context, const std::string& path, const json::object& change) {
  auto client = context.client();
  auto settings = client.get(path).at("settings").as_object();
  for (const auto& [key, value] : change) settings[key] = value;
  context.show(client.put(path + "/settings", settings), "sent; each node reports when it has it");
}

}  // namespace loa::tool
