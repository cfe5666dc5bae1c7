#include "node-firmware/edge/settings.hpp"

#include <limits>

namespace loa::node::edge {

using namespace std::chrono_literals;

namespace {

std::optional<AmplifierSettings> amplifier(config::Section table) {
  AmplifierSettings settings;
  settings.relay.chip = settings.fault.chip = table.text("chip", "");
  settings.relay.line = table.text("line", "");
  settings.relay.active_low = table.flag("active_low", false);
  settings.fault.line = table.text("fault_line", "");
  settings.fault.active_low = table.flag("fault_active_low", false);
  auto& timing = settings.timing;
  timing.on_before = table.duration("on_before", timing.on_before, 0ms, 1min);
  timing.off_after = table.duration("off_after", timing.off_after, 500ms, 1h);
  const bool lines = !settings.relay.line.empty() || !settings.fault.line.empty();
  if (settings.relay.chip.empty() && lines) table.refuse("chip", "a line needs the chip that it is on, such as \"gpiochip0\"");
  if (!settings.relay.chip.empty() && !lines) table.refuse("chip", "a chip alone does nothing: name the relay's line, or fault_line");
  if (!settings.relay.line.empty() && settings.relay.line == settings.fault.line) table.refuse("fault_line", "it is the relay's own line");
  if (!lines) return std::nullopt;
  return settings;
}

std::optional<EarSettings> ear(config::Section& table) {
  EarSettings settings;
  settings.device = table.text("capture_device", "");
  settings.floor_dbfs = static_cast<double>(table.integer("floor_dbfs", static_cast<std::int64_t>(settings.floor_dbfs), -110, -20));
  if (settings.device.empty()) return std::nullopt;
  return settings;
}

std::optional<CurrentSettings> current(config::Section& table) {
  CurrentSettings settings;
  settings.file = table.path("current", {});
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  constexpr auto kNone = std::numeric_limits<std::int64_t>::min();
  const auto floor = table.integer("current_floor", kNone, -kMost, kMost);
  settings.floor = static_cast<double>(floor);
  if (settings.file.empty() && floor != kNone) table.refuse("current_floor", "a floor needs the file of the current that it is for");
  if (settings.file.empty()) return std::nullopt;
  if (floor == kNone) table.refuse("current", "it needs current_floor: what the file shows while the amplifier is on and silent, and a little more");
  return settings;
}

SurroundingsSettings surroundings(config::Section table) {
  SurroundingsSettings settings;
  settings.mains = table.path("mains", {});
  settings.battery = table.path("battery", {});
  settings.voltage = table.path("voltage", {});
  settings.temperature = table.path("temperature", {});
  return settings;
}

std::optional<DataSettings> data(config::Section table) {
  DataSettings settings;
  const auto name = table.text("interface", "");
  settings.budget = table.integer("budget_mib", 0, 0, 1 << 20) << 20;
  if (name.empty() && settings.budget > 0) table.refuse("budget_mib", "a budget needs the interface whose bytes are counted");
  if (name.empty()) return std::nullopt;
  settings.interface = name.front() == '/' ? std::filesystem::path(name) : std::filesystem::path("/sys/class/net") / name / "statistics";
  return settings;
}

WatchModem modem(config::Section table) {
  const auto word = table.text("signal", "auto");
  if (word == "auto") return WatchModem::automatic;
  if (word == "on") return WatchModem::on;
  if (word != "off") table.refuse("signal", "\"" + word + "\" is not one of: auto, on, off");
  return WatchModem::off;
}

}  // namespace

Settings read_settings(config::Section& root) {
  Settings settings;
  settings.amplifier = amplifier(root.table("amplifier"));
  auto level = root.table("level");
  settings.ear = ear(level);
  settings.current = current(level);
  settings.surroundings = surroundings(root.table("inputs"));
  settings.data = data(root.table("data"));
  settings.modem = modem(root.table("modem"));
  return settings;
}

}  // namespace loa::node::edge
