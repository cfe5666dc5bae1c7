#pragma once
#include "config/toml_reader.hpp"
#include "node-firmware/edge/amplifier.hpp"
#include "node-firmware/edge/amplifier_ear.hpp"

namespace loa::node::edge {

/// What node.toml says of the board's hardware; each table may be left out.
struct Settings {
  std::optional<AmplifierSettings> amplifier;  ///< `[amplifier]`, where it names a chip
  std::optional<EarSettings> ear;              ///< `[level]`, where it names a device
};

/// Takes the tables from `root`; throws config::ConfigError.
Settings read_settings(config::Section& root);

}  // namespace loa::node::edge
