#include "controller/authority/broker_files.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "controller/authority/broker_conf.hpp"
#include "controller/authority/files.hpp"
#include "controller/authority/kept_certificate.hpp"
#include "protocol/hash.hpp"
#include "protocol/topics.hpp"

namespace loa::authority {

namespace {

using std::filesystem::path;

void node_block(std::string& acl, const std::string& node, const std::vector<int>& formats) {
  if (!protocol::is_id(node) || node == kControllerIdentity)
    throw std::invalid_argument("broker files: not a node id: " + node);
  const auto rule = [&acl](const char* right, const std::string& topic) {
    acl += fmt::format("topic {} {}\n", right, topic);
  };
  acl += fmt::format("\nuser {}\n", node);
  for (const int format : formats) {
    rule("read", protocol::keys_topic(format));
    rule("read", protocol::controller_state_topic(format));
    rule("read", protocol::alert_topic("+", format));
  }
  rule("read", protocol::head_topic(node));
  rule("read", protocol::plan_topic(node));
  rule("read", protocol::order_topic(node));
  rule("read", protocol::log_ack_topic(node));
  rule("read", protocol::certificate_topic(node));
  rule("write", protocol::state_topic(node));
  rule("write", protocol::receipt_topic(node));
  rule("write", protocol::log_topic(node));
  rule("write", protocol::certificate_request_topic(node));
}

void write_ready(const path& folder) {
  std::string ready;
  for (const char* name : kBrokerFiles) ready += protocol::sha256_hex_of_file(folder / name) + "  " + name + "\n";
  write_file(folder / kReadyFile, ready, 0644);
}

}  // namespace

std::string make_broker_acl(const std::vector<std::string>& nodes, const std::vector<int>& formats) {
  std::string acl = fmt::format("user {}\n", kControllerIdentity);
  for (const int format : formats) acl += fmt::format("topic readwrite loa/{}/#\n", format);
  for (const std::string& node : nodes) node_block(acl, node, formats);
  return acl;
}

void write_broker_files(const path& folder, const BrokerSettings& settings, const CertificateAuthority& authority,
                        const std::vector<std::string>& nodes, TimePoint now, const std::vector<ForeignAuthority>& foreign) {
  make_private_folder(folder);
  keep_server_certificate(folder, "server", settings.hosts, authority, now);
  write_file(folder / "mosquitto.conf", make_broker_conf(settings), 0644);
  write_file(folder / "acl", make_broker_acl(nodes, settings.formats), 0644);
  std::string authorities, crls = authority.make_crl(now);
  for (const auto& one : foreign) {
    authorities += one.certificate_pem;
    crls += one.crl_pem;
  }
  write_file(folder / "ca.pem", authorities + authority.certificate_pem(), 0644);
  write_file(folder / "crl.pem", crls, 0644);
  write_ready(folder);
}

bool crl_needs_refresh(const path& folder, TimePoint now) {
  const path file = folder / "crl.pem";
  if (!std::filesystem::exists(file)) return true;
  const auto crl = crl_from_pem(read_file(file));
  if (!crl || !X509_CRL_get0_nextUpdate(crl.get())) return true;
  const auto ends = std::chrono::seconds(to_seconds(X509_CRL_get0_nextUpdate(crl.get())));
  return ends < now.time_since_epoch() + kCrlLife / 2;
}

BrokerStatus read_broker_status(const path& live_folder) {
  BrokerStatus status;
  const path file = live_folder / "status";
  if (!std::filesystem::exists(file)) return status;
  const std::string text = read_file(file);
  const std::size_t first = text.find('\n');
  if (first == std::string::npos) return status;
  status.ready_sha256 = text.substr(0, first);
  status.message = text.substr(first + 1);
  while (status.message.ends_with('\n')) status.message.pop_back();
  status.installed = status.message == "installed";
  if (status.installed) status.message.clear();
  return status;
}

}  // namespace loa::authority
