#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

namespace loa::node::edge {

/// What feeds a board. `dc`: a supply that is neither mains nor battery as far as one can tell, such as a solar panel's.
enum class SupplyKind { mains, dc, battery };

/// Files of sysfs that tell of supply and temperature; empty ones are not there.
struct SurroundingsSettings {
  std::filesystem::path mains;        ///< folder of a power_supply with `online`
  std::filesystem::path battery;      ///< folder of a power_supply with `status`, and perhaps `voltage_now` in µV
  std::filesystem::path voltage;      ///< a file in mV, as hwmon's in1_input
  std::filesystem::path temperature;  ///< a file in thousandths of a degree, as a thermal zone's temp
  bool any() const { return !mains.empty() || !battery.empty() || !voltage.empty() || !temperature.empty(); }
};

struct Surroundings {
  std::optional<SupplyKind> supply;
  std::optional<std::int64_t> supply_mv;
  std::optional<double> temperature_c;
  bool operator==(const Surroundings&) const = default;
};

/// Reads the files; what cannot be read or is no sensible figure is nothing. A mains input that is off means the battery, whether or not one is
/// named: something feeds the board. Some ms at most where a file stands for a chip on a slow bus.
Surroundings look_around(const SurroundingsSettings& settings);

}  // namespace loa::node::edge
