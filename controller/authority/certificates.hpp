#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "controller/authority/openssl_handles.hpp"
#include "scheduler/time.hpp"

namespace loa::authority {

using scheduler::TimePoint;

/// A certificate made just now with its key; the caller keeps them.
struct IssuedCertificate {
  std::string certificate_pem;
  std::string key_pem;
  std::string serial;  ///< lower-case hex, by which revoke() knows it
  TimePoint not_after;
};

/// One line of the list of what counts no more.
struct Revocation {
  std::string serial;
  TimePoint at;
};

/// How long a CRL counts; made anew when half of it has passed, because an expired one shuts every node out.
inline constexpr std::chrono::hours kCrlLife{30 * 24};

/// The controller's own certificate authority (X.509 v3, EC P-256), kept in one folder: `ca.pem`, `ca.key` (0600), `revoked`.
/// Calls block on the disk and on key generation (about a millisecond). One thread at a time.
class CertificateAuthority {
 public:
  /// Opens the folder's authority, or makes one there that counts for 30 years. Throws std::runtime_error or std::system_error
  /// where the folder holds half of one or cannot be used.
  static CertificateAuthority open_or_create(const std::filesystem::path& folder, TimePoint now);

  /// For a broker or HTTPS server: serverAuth, five years, `hosts` (DNS names, IP addresses) as subjectAltName.
  /// Throws std::invalid_argument where a host is neither.
  IssuedCertificate issue_server(const std::string& name, const std::vector<std::string>& hosts, TimePoint now) const;
  /// For an MQTT client: clientAuth, five years, common name = `identity` = MQTT client id. Throws std::invalid_argument where
  /// `identity` is no id (protocol::is_id).
  IssuedCertificate issue_client(const std::string& identity, TimePoint now) const;

  /// For a board that made its key itself: as issue_client, without key, for the request (PKCS#10, PEM) `csr_pem`. Throws
  /// std::invalid_argument where that is none, is not signed by its own key, names another than `identity` or has no P-256 key.
  IssuedCertificate issue_for_request(const std::string& csr_pem, const std::string& identity, TimePoint now) const;

  /// Puts the certificate on the list, on disk when this returns; again is harmless. The broker learns it from the next CRL.
  void revoke(const std::string& serial, TimePoint now) { revoke(std::vector<std::string>{serial}, now); }
  /// All of them in one write. What was revoked longer ago than any certificate counts is forgotten.
  void revoke(const std::vector<std::string>& serials, TimePoint now);
  const std::vector<Revocation>& revoked() const { return revoked_; }
  /// The list as a CRL (v2) in PEM that counts until now + kCrlLife.
  std::string make_crl(TimePoint now) const;

  /// What clients trust.
  const std::string& certificate_pem() const { return certificate_pem_; }

 private:
  CertificateAuthority(std::filesystem::path folder, Handle<X509> certificate, Handle<EVP_PKEY> key);
  IssuedCertificate issue(const std::string& name, const char* usage, const std::string& alternative, TimePoint now) const;
  IssuedCertificate issue(EVP_PKEY* key, const std::string& name, const char* usage, const std::string& alternative, TimePoint now) const;

  std::filesystem::path folder_;
  Handle<X509> certificate_;
  Handle<EVP_PKEY> key_;
  std::string certificate_pem_;
  std::vector<Revocation> revoked_;
};

}  // namespace loa::authority
