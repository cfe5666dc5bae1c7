#include "controller/authority/kept_certificate.hpp"

#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>
#include <functional>

#include "controller/authority/files.hpp"

namespace loa::authority {

namespace {

using std::filesystem::path;

constexpr std::chrono::hours kRenewal{365 * 24};

bool is_for(X509* certificate, const std::string& host) {
  return X509_check_ip_asc(certificate, host.c_str(), 0) == 1 ||
         X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
}

bool fits(const KeptCertificate& kept, const std::vector<std::string>& hosts, const std::string& issuer_pem,
          TimePoint now) {
  const auto certificate = certificate_from_pem(kept.certificate_pem);
  const auto key = private_key_from_pem(kept.key_pem);
  const auto ca = certificate_from_pem(issuer_pem);
  if (!certificate || !key || X509_check_private_key(certificate.get(), key.get()) != 1) return false;
  if (X509_verify(certificate.get(), X509_get0_pubkey(ca.get())) != 1) return false;
  const auto ends = std::chrono::seconds(to_seconds(X509_get0_notAfter(certificate.get())));
  if (ends < now.time_since_epoch() + kRenewal) return false;
  return std::all_of(hosts.begin(), hosts.end(), [&](const auto& host) { return is_for(certificate.get(), host); });
}

KeptCertificate keep(const path& folder, const std::string& name, const std::vector<std::string>& hosts,
                     const std::string& issuer_pem, TimePoint now,
                     const std::function<IssuedCertificate()>& issue) {
  const path certificate_file = folder / (name + ".pem");
  const path key_file = folder / (name + ".key");
  if (std::filesystem::exists(certificate_file) && std::filesystem::exists(key_file)) {
    KeptCertificate kept{read_file(certificate_file), read_file(key_file)};
    if (fits(kept, hosts, issuer_pem, now)) return kept;
  }
  std::filesystem::create_directories(folder);
  const std::string replaced = std::filesystem::exists(certificate_file) ? certificate_serial(read_file(certificate_file)) : "";
  const IssuedCertificate issued = issue();
  // A crash between the two leaves a pair that does not fit, which the next call replaces.
  write_file(key_file, issued.key_pem, 0600);
  write_file(certificate_file, issued.certificate_pem, 0644);
  return {issued.certificate_pem, issued.key_pem, replaced};
}

}  // namespace

std::string certificate_serial(const std::string& pem) {
  const auto certificate = certificate_from_pem(pem);
  if (!certificate) return "";
  const Handle<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate.get()), nullptr));
  char* hex = number ? BN_bn2hex(number.get()) : nullptr;
  std::string text = hex ? hex : "";
  OPENSSL_free(hex);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

KeptCertificate keep_server_certificate(const path& folder, const std::string& name,
                                        const std::vector<std::string>& hosts, const CertificateAuthority& authority,
                                        TimePoint now) {
  return keep(folder, name, hosts, authority.server_issuer_pem(), now, [&] { return authority.issue_server(name, hosts, now); });
}

KeptCertificate keep_client_certificate(const path& folder, const std::string& identity,
                                        const CertificateAuthority& authority, TimePoint now) {
  return keep(folder, identity, {}, authority.client_issuer_pem(), now, [&] { return authority.issue_client(identity, now); });
}

}  // namespace loa::authority
