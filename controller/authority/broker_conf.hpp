#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "controller/authority/broker_files.hpp"

namespace loa::authority {

/// What a broker's configuration may say where it is not always the same.
struct BrokerConfBounds {
  std::filesystem::path live_folder;  ///< absolute
  std::filesystem::path data_folder;  ///< absolute
  std::string user;                   ///< account that it may name besides none
};

/// The text of mosquitto.conf.
std::string make_broker_conf(const BrokerSettings& settings);

/// What is wrong with `conf`, as one sentence that begins with the file's name; nothing where it is, to the letter, what make_broker_conf writes
/// within these bounds. Mosquitto obeys its configuration before it gives up being root (plugins, files that it writes), and who writes this one
/// is not root.
std::optional<std::string> check_broker_conf(const std::string& conf, const BrokerConfBounds& bounds);

}  // namespace loa::authority
