#include "controller/authority/broker_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "controller/authority/broker_files.hpp"
#include "controller/authority/openssl_handles.hpp"
#include "protocol/hash.hpp"

namespace loa::authority {

namespace {

using Wrong = std::optional<std::string>;

constexpr std::chrono::hours kShortestLife{1};  // what ends sooner would shut everyone out before the next set comes

const std::string& text_of(const BrokerSet& set, const char* name) {
  static const std::string kNone;
  const auto found = set.find(name);
  return found == set.end() ? kNone : found->second;
}

Wrong check_complete(const BrokerSet& set) {
  std::map<std::string, std::string> listed;
  std::istringstream lines(text_of(set, kReadyFile));
  for (std::string digest, name; lines >> digest >> name;) listed[name] = digest;
  for (const char* name : kBrokerFiles) {
    const auto found = listed.find(name);
    if (found == listed.end()) return fmt::format("ready: does not list {}", name);
    if (!set.contains(name)) return fmt::format("{}: missing", name);
    if (protocol::sha256_hex(text_of(set, name)) != found->second)
      return fmt::format("{}: is not the file that ready lists; a set is half written", name);
  }
  return std::nullopt;
}

bool ends_soon(const ASN1_TIME* time, scheduler::TimePoint now) {
  return !time || std::chrono::seconds(to_seconds(time)) < now.time_since_epoch() + kShortestLife;
}

using Authorities = std::vector<Handle<X509>>;

bool is_by(X509_CRL* crl, X509* ca) {
  return X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca)) == 0 && X509_CRL_verify(crl, X509_get0_pubkey(ca)) == 1;
}

// mosquitto asks for a list by each authority, and takes nobody of one that has none.
Wrong check_crls(const BrokerSet& set, const Authorities& authorities, scheduler::TimePoint now) {
  const auto crls = crls_from_pem(text_of(set, "crl.pem"));
  if (crls.empty()) return "crl.pem: not a CRL";
  for (const auto& ca : authorities)
    if (std::none_of(crls.begin(), crls.end(), [&](const auto& crl) { return is_by(crl.get(), ca.get()); }))
      return "crl.pem: not signed by the CA in ca.pem";
  for (const auto& crl : crls) {
    if (ends_soon(X509_CRL_get0_nextUpdate(crl.get()), now))
      return "crl.pem: expired or about to; with it every node would be shut out";
    if (std::chrono::seconds(to_seconds(X509_CRL_get0_lastUpdate(crl.get()))) > now.time_since_epoch())
      return "crl.pem: not valid yet";
  }
  return std::nullopt;
}

Wrong check_server(const BrokerSet& set, const Authorities& authorities, scheduler::TimePoint now) {
  const auto certificate = certificate_from_pem(text_of(set, "server.pem"));
  if (!certificate) return "server.pem: not a certificate";
  const auto key = private_key_from_pem(text_of(set, "server.key"));
  if (!key || X509_check_private_key(certificate.get(), key.get()) != 1)
    return "server.key: not the key of server.pem";
  if (std::none_of(authorities.begin(), authorities.end(),
                   [&](const auto& ca) { return X509_verify(certificate.get(), X509_get0_pubkey(ca.get())) == 1; }))
    return "server.pem: not signed by the CA in ca.pem";
  if (ends_soon(X509_get0_notAfter(certificate.get()), now)) return "server.pem: expired or about to";
  return std::nullopt;
}

// An empty ACL is a valid one to mosquitto and shuts everyone out.
Wrong check_acl(const BrokerSet& set) {
  std::istringstream lines(text_of(set, "acl"));
  for (std::string line; std::getline(lines, line);)
    if (line == fmt::format("user {}", kControllerIdentity)) return std::nullopt;
  return "acl: the controller has no rights in it";
}

}  // namespace

Wrong check_broker_files(const BrokerSet& set, scheduler::TimePoint now) {
  if (!set.contains(kReadyFile)) return "ready: missing";
  if (auto wrong = check_complete(set)) return wrong;
  const auto authorities = certificates_from_pem(text_of(set, "ca.pem"));
  if (authorities.empty()) return "ca.pem: not a certificate";
  if (auto wrong = check_crls(set, authorities, now)) return wrong;
  if (auto wrong = check_server(set, authorities, now)) return wrong;
  return check_acl(set);
}

Wrong check_broker_files(const std::filesystem::path& folder, scheduler::TimePoint now) {
  try {
    return check_broker_files(read_broker_set(folder), now);
  } catch (const std::exception& error) {  // a file that cannot be read is one more thing that is wrong with the set
    return error.what();
  }
}

}  // namespace loa::authority
