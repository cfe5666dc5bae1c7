#include "node-firmware/edge/surroundings.hpp"

#include "node-firmware/edge/board_files.hpp"

namespace loa::node::edge {

namespace {

// What the wire can carry; a sensor that is not connected shows anything.
constexpr std::int64_t kMostMillivolts = 1'000'000;
constexpr double kColdest = -100;
constexpr double kHottest = 200;

std::optional<SupplyKind> supply_of(const SurroundingsSettings& settings) {
  const auto online = settings.mains.empty() ? std::nullopt : read_number(settings.mains / "online");
  if (online) return *online != 0 ? SupplyKind::mains : SupplyKind::battery;
  const auto status = settings.battery.empty() ? std::nullopt : read_word(settings.battery / "status");
  if (status) return *status == "Discharging" ? SupplyKind::battery : SupplyKind::mains;
  if (!settings.voltage.empty() && read_number(settings.voltage)) return SupplyKind::dc;
  return std::nullopt;
}

std::optional<std::int64_t> millivolts_of(const SurroundingsSettings& settings) {
  auto found = settings.voltage.empty() ? std::nullopt : read_number(settings.voltage);
  if (!found && !settings.battery.empty())
    if (const auto microvolts = read_number(settings.battery / "voltage_now")) found = *microvolts / 1000;
  if (!found || *found < 0 || *found > kMostMillivolts) return std::nullopt;
  return found;
}

}  // namespace

Surroundings look_around(const SurroundingsSettings& settings) {
  Surroundings now;
  now.supply = supply_of(settings);
  now.supply_mv = millivolts_of(settings);
  if (!settings.temperature.empty())
    if (const auto thousandths = read_number(settings.temperature)) now.temperature_c = static_cast<double>(*thousandths) / 1000;
  if (now.temperature_c && (*now.temperature_c < kColdest || *now.temperature_c > kHottest)) now.temperature_c.reset();
  return now;
}

}  // namespace loa::node::edge
