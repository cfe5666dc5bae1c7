#pragma once
#include <filesystem>
#include <optional>
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

/// Whether `text` is a serial number as certificates bear them: positive, in lower-case hex, of at most 20 octets.
bool is_serial(std::string_view text);

/// How long a CRL counts; made anew when half of it has passed, because an expired one shuts every node out.
inline constexpr std::chrono::hours kCrlLife{30 * 24};

/// The controller's own certificate authority (X.509 v3, EC P-256), kept in one folder: `ca.pem`, `ca.key` (0600), `revoked`; in
/// `next` another that is to follow it. Once the key set lists both, the next one makes the clients' certificates, those of servers
/// stay with the first, which every node knows; once it lists the next alone, that takes the first one's place.
/// Calls block on the disk and on key generation (about a millisecond). One thread at a time.
class CertificateAuthority {
 public:
  /// Opens the folder's authority, or makes one there that counts for 30 years. Throws std::runtime_error or std::system_error
  /// where the folder holds half of one or cannot be used.
  static CertificateAuthority open_or_create(const std::filesystem::path& folder, TimePoint now);

  /// The certificate in PEM of the authority that is to follow that of `folder`, made now where there is none. Nothing uses it before
  /// a key set lists it. Throws as open_or_create.
  static std::string make_next(const std::filesystem::path& folder, TimePoint now);

  /// Does what a key set's list of authorities says (protocol::KeySet); whether anything is otherwise than before. Throws
  /// std::runtime_error where it lists none of which this has the key: nodes would trust nothing that is made here.
  bool follow(const std::optional<std::vector<std::string>>& listed);
  /// Whether the next one makes the clients' certificates already.
  bool is_followed() const { return next_active_; }
  /// Certificates in PEM of those that the key set lists and whose keys are not here: a backup from before they were made was restored. Nodes have
  /// certificates by them, which nothing here can revoke.
  const std::vector<std::string>& foreign() const { return foreign_; }

  /// For a broker or HTTPS server: serverAuth, five years, `hosts` (DNS names, IP addresses) as subjectAltName.
  /// Throws std::invalid_argument where a host is neither.
  IssuedCertificate issue_server(const std::string& name, const std::vector<std::string>& hosts, TimePoint now) const;
  /// For an MQTT client: clientAuth, five years, common name = `identity` = MQTT client id. Throws std::invalid_argument where
  /// `identity` is no id (protocol::is_id).
  IssuedCertificate issue_client(const std::string& identity, TimePoint now) const;

  /// For a board that made its key itself: as issue_client, without key, for the request (PKCS#10, PEM) `csr_pem`. Throws
  /// std::invalid_argument where that is none, is not signed by its own key, names another than `identity` or has no P-256 key.
  IssuedCertificate issue_for_request(const std::string& csr_pem, const std::string& identity, TimePoint now) const;

  /// What a certificate of this client says that was given before, by whichever of the authorities that count, foreign ones too; without key. Throws std::invalid_argument where it is
  /// none by them, names another, or is for something else.
  IssuedCertificate read_client(const std::string& certificate_pem, const std::string& identity) const;

  /// Puts the certificate on the list, on disk when this returns; again is harmless. The broker learns it from the next CRL.
  void revoke(const std::string& serial, TimePoint now) { revoke(std::vector<std::string>{serial}, now); }
  /// All of them in one write; throws std::invalid_argument where one is no serial number (is_serial), and changes nothing then. What was revoked longer ago than any certificate counts is forgotten.
  void revoke(const std::vector<std::string>& serials, TimePoint now);
  const std::vector<Revocation>& revoked() const { return revoked_; }
  /// The list as a CRL (v2) in PEM that counts until now + kCrlLife; where there are two authorities one by each.
  std::string make_crl(TimePoint now) const;

  /// What clients trust: one certificate, or two, the one that issues for clients first.
  std::string certificate_pem() const;
  /// The certificates of both, also where no key set lists the next one yet.
  std::vector<std::string> all_pems() const;
  /// Who makes certificates of servers, and of clients.
  const std::string& server_issuer_pem() const { return first_.pem; }
  const std::string& client_issuer_pem() const { return client_issuer().pem; }

 private:
  /// A certificate and its key.
  struct Pair {
    Handle<X509> certificate;
    Handle<EVP_PKEY> key;
    std::string pem;
  };
  CertificateAuthority(std::filesystem::path folder, Pair first);
  static Pair open_pair(const std::filesystem::path& folder);
  static void make_pair(const std::filesystem::path& folder, TimePoint now);
  const Pair& client_issuer() const { return next_active_ ? *next_ : first_; }
  std::string make_crl(const Pair& by, TimePoint now) const;
  void take_next();
  IssuedCertificate issue(const Pair& by, const std::string& name, const char* usage, const std::string& alternative, TimePoint now) const;
  IssuedCertificate issue(const Pair& by, EVP_PKEY* key, const std::string& name, const char* usage, const std::string& alternative, TimePoint now) const;

  std::filesystem::path folder_;
  Pair first_;
  std::optional<Pair> next_;
  bool next_active_ = false;
  std::vector<std::string> foreign_;
  std::vector<Revocation> revoked_;
};

}  // namespace loa::authority
