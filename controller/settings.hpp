#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "controller/http/server.hpp"

namespace loa::controller {

/// The broker that this controller uses, and how the one whose files it writes runs.
struct BrokerPlace {
  std::string address;                ///< `mqtts://host:port` as the controller reaches it
  std::string bind_address;
  std::uint16_t port = 8883;
  std::filesystem::path live_folder;  ///< where the broker reads its files
  std::filesystem::path data_folder;  ///< where it keeps what it retains
  std::string user;                   ///< account that it runs as; empty: mosquitto's own default
};

/// What a sign-in needs and how long it lasts.
struct SignInRules {
  std::chrono::hours session{12};    ///< from sign-in to the end, whatever happens
  std::chrono::minutes idle{30};     ///< without a request of a person
  std::vector<std::string> second_factor_for;  ///< names of the roles that need a second factor
  bool passwords_by_admin = false;   ///< whether an admin may set another person's password, instead of handing over a link
};

/// controller.toml, read strictly: what is not named here stops the program with file and line.
struct Settings {
  std::filesystem::path state;        ///< database, clips, authority, keys, broker files
  std::string database;               ///< store URL; empty: `state`/loa.db on SQLite
  std::filesystem::path web_root;     ///< the built page; empty: none is served
  std::filesystem::path stock;        ///< folder of the stock clips with their index
  std::string log_level;
  std::vector<std::string> hosts;     ///< names and addresses in the certificates of broker and HTTPS
  std::vector<std::string> brokers;   ///< told to nodes, one to three `mqtts://host:port`
  std::vector<std::string> files;     ///< told to nodes, one to three `https://host:port`
  bool tls = true;                    ///< HTTPS by the own authority; false only on loopback or behind a named proxy
  http::ServerSettings metrics;       ///< where /metrics is read; port 0: nowhere. Without its TLS files
  std::filesystem::path metrics_token;  ///< file of the token that it takes; empty: none, on loopback only
  http::ServerSettings http;          ///< without its TLS files, which lie in `state`
  BrokerPlace broker;
  SignInRules sign_in;
  std::chrono::hours backup_alarm_after{48};  ///< a last backup older than this is an alarm; 0: none is
  std::filesystem::path transcoder;   ///< empty: loa-transcode beside the own executable

  std::filesystem::path authority_folder() const { return state / "authority"; }
  std::filesystem::path tls_folder() const { return state / "tls"; }
  std::filesystem::path broker_folder() const { return state / "broker"; }
  std::filesystem::path clips_folder() const { return state / "clips"; }
  std::filesystem::path second_factor_key() const { return state / "second-factor.key"; }
  std::string database_url() const;
};

/// Reads and checks the file; throws config::ConfigError with file, line and column.
Settings read_settings(const std::filesystem::path& file);

}  // namespace loa::controller
