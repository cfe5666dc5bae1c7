#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "controller/authority/broker_files.hpp"
#include "controller/authority/certificates.hpp"
#include "protocol/link_mosquitto.hpp"
#include "tests/support/process.hpp"

namespace loa::tests {

/// A real mosquitto on the loopback with TLS and the rights that the controller itself writes; everything in one folder.
class Broker {
 public:
  /// Writes the files for these nodes; starts nothing yet. `folder` outlives this.
  Broker(const std::filesystem::path& folder, std::vector<std::string> nodes = {}, std::string bind_address = "127.0.0.1");

  /// Starts it and waits until it takes connections; throws with its own words where it does not.
  /// `more`: further words of its command line.
  void start(std::vector<std::string> more = {});
  /// SIGTERM: it saves what it retains.
  void stop();
  /// SIGKILL: what it retained since the last save is gone.
  void kill();
  /// SIGUSR1, and waits until what is retained is on disk.
  void save();
  bool running() { return process_ && process_->running(); }
  pid_t pid() const { return process_->pid(); }
  std::string log() const { return process_ ? process_->err() : ""; }

  /// Writes the files anew for `nodes` into source(); with `go_live` puts them in place and sends SIGHUP, as
  /// loa-broker-reload does but unchecked.
  void set_nodes(std::vector<std::string> nodes, bool go_live = true);
  /// SIGHUP, and waits until the broker says that it has read its files again.
  void reload();

  /// `mqtts://localhost:port`.
  std::string address() const;
  std::uint16_t port() const { return settings_.port; }
  const authority::BrokerSettings& settings() const { return settings_; }
  authority::CertificateAuthority& authority() { return authority_; }
  std::filesystem::path source() const { return folder_ / "broker"; }
  std::filesystem::path live() const { return folder_ / "live"; }
  std::filesystem::path pid_file() const { return folder_ / "data" / "mosquitto.pid"; }

  /// Settings of a link that identifies itself as `identity` with a certificate made just now (its serial in `serial`), with
  /// back-off times fit for tests.
  protocol::LinkSettings link_settings(const std::string& identity, std::string* serial = nullptr);

 private:
  void go_live();

  std::filesystem::path folder_;
  std::vector<std::string> nodes_;
  authority::BrokerSettings settings_;
  authority::CertificateAuthority authority_;
  std::optional<Process> process_;
  int starts_ = 0;
};

}  // namespace loa::tests
