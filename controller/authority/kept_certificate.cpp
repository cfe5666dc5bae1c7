#include "controller/authority/kept_certificate.hpp"

#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>
#include <optional>

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
  const auto begins = std::chrono::seconds(to_seconds(X509_get0_notBefore(certificate.get())));
  if (ends < now.time_since_epoch() + kRenewal || begins > now.time_since_epoch()) return false;
  return std::all_of(hosts.begin(), hosts.end(), [&](const auto& host) { return is_for(certificate.get(), host); });
}

path certificate_file(const path& folder, const std::string& name) { return folder / (name + ".pem"); }
path key_file(const path& folder, const std::string& name) { return folder / (name + ".key"); }

/// The pair in the folder, where there is one that fits.
std::optional<KeptCertificate> find(const path& folder, const std::string& name, const std::vector<std::string>& hosts, const std::string& issuer_pem,
                                    TimePoint now) {
  if (!std::filesystem::exists(certificate_file(folder, name)) || !std::filesystem::exists(key_file(folder, name))) return std::nullopt;
  KeptCertificate kept{read_file(certificate_file(folder, name)), read_file(key_file(folder, name))};
  return fits(kept, hosts, issuer_pem, now) ? std::optional(std::move(kept)) : std::nullopt;
}

// A crash between the two leaves a pair that does not fit, which the next call replaces.
KeptCertificate keep(const path& folder, const std::string& name, const IssuedCertificate& issued) {
  std::filesystem::create_directories(folder);
  write_file(key_file(folder, name), issued.key_pem, 0600);
  write_file(certificate_file(folder, name), issued.certificate_pem, 0644);
  return {issued.certificate_pem, issued.key_pem};
}

bool is_revoked(const CertificateAuthority& authority, const std::string& serial) {
  const auto& revoked = authority.revoked();
  return std::any_of(revoked.begin(), revoked.end(), [&](const auto& one) { return one.serial == serial; });
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
  if (auto kept = find(folder, name, hosts, authority.server_issuer_pem(), now)) return std::move(*kept);
  return keep(folder, name, authority.issue_server(name, hosts, now));
}

KeptCertificate keep_client_certificate(const path& folder, const std::string& identity, CertificateAuthority& authority, TimePoint now) {
  auto kept = find(folder, identity, {}, authority.client_issuer_pem(), now);
  if (kept && !is_revoked(authority, certificate_serial(kept->certificate_pem))) return std::move(*kept);
  const auto before = certificate_file(folder, identity);
  const auto serial = std::filesystem::exists(before) ? certificate_serial(read_file(before)) : std::string();
  if (is_serial(serial)) authority.revoke(serial, now);
  return keep(folder, identity, authority.issue_client(identity, now));
}

}  // namespace loa::authority
