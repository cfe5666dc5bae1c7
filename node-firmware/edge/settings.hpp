#pragma once
#include "config/toml_reader.hpp"
#include "node-firmware/edge/amplifier.hpp"
#include "node-firmware/edge/amplifier_ear.hpp"
#include "node-firmware/edge/data_usage.hpp"
#include "node-firmware/edge/supply_current.hpp"
#include "node-firmware/edge/surroundings.hpp"

namespace loa::node::edge {

/// Whether ModemManager is asked for the radio's signal; automatic: where it is installed.
enum class WatchModem { automatic, on, off };

/// What node.toml says of the board's hardware; each table may be left out.
struct Settings {
  std::optional<AmplifierSettings> amplifier;  ///< `[amplifier]`, where it names a chip
  std::optional<EarSettings> ear;              ///< `[level]`, where it names a device
  std::optional<CurrentSettings> current;      ///< `[level]`, where it names a file of the amplifier's current
  SurroundingsSettings surroundings;           ///< `[inputs]`
  std::optional<DataSettings> data;            ///< `[data]`, where it names an interface
  WatchModem modem = WatchModem::automatic;    ///< `[modem]`
};

/// Takes the tables from `root`; throws config::ConfigError.
Settings read_settings(config::Section& root);

}  // namespace loa::node::edge
