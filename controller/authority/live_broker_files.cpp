#include "controller/authority/live_broker_files.hpp"

#include <openssl/x509v3.h>

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

}  // namespace

std::optional<BrokerAccess> read_broker_access(const std::filesystem::path& folder, const CertificateAuthority& authority) {
  try {
    const auto crl = crl_from_pem(read_file(folder / "crl.pem"));
    const auto ca = certificate_from_pem(authority.certificate_pem());
    if (!crl || X509_CRL_verify(crl.get(), X509_get0_pubkey(ca.get())) != 1) return std::nullopt;
    BrokerAccess access;
    access.crl_number = number_of(crl.get());
    auto* entries = X509_CRL_get_REVOKED(crl.get());
    for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
      const auto* entry = sk_X509_REVOKED_value(entries, i);
      access.revoked.push_back({hex_of(X509_REVOKED_get0_serialNumber(entry)),
                                scheduler::from_ms(to_seconds(X509_REVOKED_get0_revocationDate(entry)) * 1000)});
    }
    std::istringstream acl(read_file(folder / "acl"));
    for (std::string line; std::getline(acl, line);)
      if (line.starts_with("user ") && protocol::is_id(line.substr(5)) && line.substr(5) != kControllerIdentity) access.nodes.insert(line.substr(5));
    return access;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace loa::authority
