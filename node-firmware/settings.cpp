#include "node-firmware/settings.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/toml_reader.hpp"

namespace loa::node {

namespace {

using namespace std::chrono_literals;

template <std::size_t n>
std::string one_of(config::Section& table, const char* key, std::string fallback,
                   const std::array<std::string_view, n>& words) {
  auto value = table.text(key, std::move(fallback));
  if (std::find(words.begin(), words.end(), value) != words.end()) return value;
  std::string allowed;
  for (const auto word : words) allowed += (allowed.empty() ? "" : ", ") + std::string(word);
  table.refuse(key, "\"" + value + "\" is not one of: " + allowed);
}

Settings from(config::Section& root) {
  Settings settings;
  settings.state_folder = root.path("state_folder", settings.state_folder);
  settings.stock_folder = root.path("stock_folder", settings.stock_folder);
  settings.log_level = one_of(root, "log_level", settings.log_level,
                              std::array<std::string_view, 5>{"trace", "debug", "info", "warn", "error"});
  settings.sink = SinkTable(root.table("sink"));
  settings.line_out = LineOutTable(root.table("line_out"));
  if (settings.sink.kind == "alsa" && settings.line_out.device == settings.sink.device)
    root.refuse("line_out", "its device is the one of [sink]: name another, or leave it out");
  settings.cache = CacheTable(root.table("cache"));
  settings.times = TimesTable(root.table("times"));
  settings.edge = edge::read_settings(root);
  settings.streams = StreamsTable(root.table("streams"));
  root.finish();
  return settings;
}

}  // namespace

SinkTable::SinkTable(config::Section table) {
  kind = one_of(table, "kind", kind, std::array<std::string_view, 3>{"alsa", "wav", "null"});
  device = table.text("device", device);
  file = table.path("file", file);
  if (kind == "wav" && file.empty()) table.refuse("file", "a wav sink needs the file to write");
  if (kind != "wav" && !file.empty()) table.refuse("file", "only a wav sink writes a file");
}

LineOutTable::LineOutTable(config::Section table) { device = table.text("device", device); }

CacheTable::CacheTable(config::Section table) {
  budget = table.integer("budget_mib", budget >> 20, 16, 1 << 20) << 20;
}

TimesTable::TimesTable(config::Section table) {
  state_period = table.duration("state_period", state_period, 1s, 24h);
  watch_stall = table.duration("watch_stall", watch_stall, 1s, 1min);
  certificate_age = table.duration("certificate_age", certificate_age, 1s, 4 * 365 * 24h);
  stop_limit = table.duration("stop_limit", stop_limit, 1s, 1min);
}

StreamsTable::StreamsTable(config::Section table) { ca_file = table.path("ca_file", ca_file); }

Settings read_settings(const std::filesystem::path& file) {
  config::TomlFile toml(file);
  return from(toml.root());
}

Settings read_settings(const std::string& text, const std::string& name) {
  config::TomlFile toml(text, name);
  return from(toml.root());
}

}  // namespace loa::node
