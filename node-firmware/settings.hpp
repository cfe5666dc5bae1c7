#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "node-firmware/edge/settings.hpp"

namespace loa::config {
class Section;
}

namespace loa::node {

/// Where the sound goes; `[sink]` of node.toml.
struct SinkTable {
  std::string kind = "alsa";         ///< "alsa", "wav" (a file under `folder`) or "null"
  std::string device = "default";    ///< alsa: the PCM's name
  std::filesystem::path file;        ///< wav: where the sound is written
  explicit SinkTable(config::Section table);
  SinkTable() = default;
};

/// A second sound device for the same sound, such as an FM transmitter's; `[line_out]`.
struct LineOutTable {
  std::string device;  ///< ALSA: the PCM's name; empty: none
  explicit LineOutTable(config::Section table);
  LineOutTable() = default;
};

/// The disk that clips may use; `[cache]`.
struct CacheTable {
  std::int64_t budget = std::int64_t{2} << 30;  ///< bytes
  explicit CacheTable(config::Section table);
  CacheTable() = default;
};

/// How long the node waits for what; `[times]`.
struct TimesTable {
  std::chrono::milliseconds state_period = std::chrono::minutes(30);  ///< between two states with a new nonce
  std::chrono::milliseconds watch_stall = std::chrono::seconds(5);    ///< a player that gives no sound for this long is ended
  std::chrono::milliseconds stop_limit = std::chrono::seconds(5);     ///< for an orderly end after SIGTERM
  std::chrono::milliseconds certificate_age = std::chrono::hours(365 * 24);  ///< an older certificate is renewed
  explicit TimesTable(config::Section table);
  TimesTable() = default;
};

/// Relays and live streams; `[streams]`.
struct StreamsTable {
  std::filesystem::path ca_file = "/etc/ssl/certs/ca-certificates.crt";  ///< PEM of the authorities that their servers are believed by
  explicit StreamsTable(config::Section table);
  StreamsTable() = default;
};

/// node.toml, whole and checked; every key has the value that holds without it.
struct Settings {
  std::filesystem::path state_folder = "/var/lib/loa-node";
  std::filesystem::path stock_folder = "/usr/share/loa/stock";  ///< tone.wav and stock clips that ship with the program
  std::string log_level = "info";                               ///< trace, debug, info, warn, error
  SinkTable sink;
  LineOutTable line_out;
  CacheTable cache;
  TimesTable times;
  edge::Settings edge;  ///< the board's hardware, where it has any
  StreamsTable streams;
};

/// Reads node.toml; throws config::ConfigError with file, line and column where anything in it is not as the shipped
/// config/node.toml describes.
Settings read_settings(const std::filesystem::path& file);

/// The same from text, for tests.
Settings read_settings(const std::string& text, const std::string& name);

}  // namespace loa::node
