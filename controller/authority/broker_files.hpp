#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "controller/authority/certificates.hpp"
#include "controller/authority/foreign_authorities.hpp"

namespace loa::authority {

/// MQTT client id and certificate name of the controller itself.
inline constexpr const char* kControllerIdentity = "controller";

/// How the broker of this province runs.
struct BrokerSettings {
  std::uint16_t port = 8883;
  std::string bind_address = "0.0.0.0";
  std::vector<std::string> hosts;     ///< names and addresses by which nodes reach it, for its certificate
  std::filesystem::path live_folder;  ///< where the broker reads its files, absolute
  std::filesystem::path data_folder;  ///< where it keeps what it retains, absolute
  std::string user;                   ///< account it runs as when started by root; empty: mosquitto's default
  std::size_t max_packet_bytes = 1024 * 1024 + 1024;  ///< above LinkSettings::max_message_bytes
  std::vector<int> formats{1};        ///< format numbers in which keys, alerts and controller state are published
};

/// The files of one set, in the order in which they are listed.
inline constexpr const char* kBrokerFiles[] = {"mosquitto.conf", "acl", "ca.pem", "crl.pem", "server.pem", "server.key"};
/// The last file to be written: `<sha256>  <name>` for each of the set, so that a half-written set is never taken.
inline constexpr const char* kReadyFile = "ready";

/// The text of the ACL file: the controller, and one `user` block for each node, so that removing one ends its rights.
/// Throws std::invalid_argument where a node's id is none.
std::string make_broker_acl(const std::vector<std::string>& nodes, const std::vector<int>& formats);

/// Writes the set into `folder` (made 0700): a server certificate only where there is none that fits and counts for another
/// year, a CRL always, `ready` last; `foreign` authorities are let in as before. To be called when nodes or revocations change and at least daily, for the CRL's sake.
/// Throws std::system_error where the disk fails.
void write_broker_files(const std::filesystem::path& folder, const BrokerSettings& settings,
                        const CertificateAuthority& authority, const std::vector<std::string>& nodes, TimePoint now,
                        const std::vector<ForeignAuthority>& foreign = {});

/// Whether the CRL in `folder` is missing, unreadable or has used up half its life.
bool crl_needs_refresh(const std::filesystem::path& folder, TimePoint now);

/// What loa-broker-reload said of the newest set it looked at.
struct BrokerStatus {
  std::string ready_sha256;  ///< of the `ready` file it looked at; empty: it has not run yet
  bool installed = false;
  std::string message;       ///< what is wrong, when not installed
};

/// Reads `status` in the live folder; empty where there is none.
BrokerStatus read_broker_status(const std::filesystem::path& live_folder);

}  // namespace loa::authority
