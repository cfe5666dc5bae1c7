#include "controller/authority/live_broker_files.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "controller/authority/broker_files.hpp"
#include "controller/authority/files.hpp"
#include "protocol/hash.hpp"
#include "protocol/topics.hpp"

namespace loa::authority {

namespace {

std::string hex_of(const ASN1_INTEGER* serial) {
  BIGNUM* number = ASN1_INTEGER_to_BN(serial, nullptr);
  require(number != nullptr, "serial");
  const Handle<BIGNUM> owned(number);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  return protocol::to_hex(bytes);
}

std::int64_t number_of(X509_CRL* crl) {
  auto* value = static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr));
  if (!value) return 0;
  const Handle<ASN1_INTEGER> owned(value);
  std::int64_t number = 0;
  return ASN1_INTEGER_get_int64(&number, value) == 1 ? number : 0;
}

bool is_by(X509_CRL* crl, const CertificateAuthority& authority) {
  for (const auto& pem : authority.all_pems()) {
    const auto ca = certificate_from_pem(pem);
    if (ca && X509_CRL_verify(crl, X509_get0_pubkey(ca.get())) == 1) return true;
  }
  ERR_clear_error();
  return false;
}

void add_revoked(BrokerAccess& access, std::set<std::string>& known, X509_CRL* crl) {
  auto* entries = X509_CRL_get_REVOKED(crl);
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    const auto* entry = sk_X509_REVOKED_value(entries, i);
    auto serial = hex_of(X509_REVOKED_get0_serialNumber(entry));
    if (!known.insert(serial).second) continue;
    access.revoked.push_back({std::move(serial), scheduler::from_ms(to_seconds(X509_REVOKED_get0_revocationDate(entry)) * 1000)});
  }
}

}  // namespace

std::optional<BrokerAccess> read_broker_access(const std::filesystem::path& folder, const CertificateAuthority& authority) {
  try {
    BrokerAccess access;
    std::set<std::string> serials;
    bool said = false;
    // Where there are two authorities each has a list of its own, and both name all; one of them may have been begun after the backup.
    for (const auto& crl : crls_from_pem(read_file(folder / "crl.pem"))) {
      if (!is_by(crl.get(), authority)) continue;
      said = true;
      access.crl_number = std::max(access.crl_number, number_of(crl.get()));
      add_revoked(access, serials, crl.get());
    }
    if (!said) return std::nullopt;
    std::istringstream acl(read_file(folder / "acl"));
    for (std::string line; std::getline(acl, line);)
      if (line.starts_with("user ") && protocol::is_id(line.substr(5)) && line.substr(5) != kControllerIdentity) access.nodes.insert(line.substr(5));
    return access;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace loa::authority
