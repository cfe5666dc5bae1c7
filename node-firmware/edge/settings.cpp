#include "node-firmware/edge/settings.hpp"

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

std::optional<EarSettings> ear(config::Section table) {
  EarSettings settings;
  settings.device = table.text("capture_device", "");
  settings.floor_dbfs = static_cast<double>(table.integer("floor_dbfs", static_cast<std::int64_t>(settings.floor_dbfs), -110, -20));
  if (settings.device.empty()) return std::nullopt;
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

}  // namespace

Settings read_settings(config::Section& root) {
  Settings settings;
  settings.amplifier = amplifier(root.table("amplifier"));
  settings.ear = ear(root.table("level"));
  settings.surroundings = surroundings(root.table("inputs"));
  settings.data = data(root.table("data"));
  return settings;
}

}  // namespace loa::node::edge
