#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "node-firmware/identity.hpp"
#include "node-firmware/kept_files.hpp"
#include "node-firmware/node_clock.hpp"
#include "protocol/messages.hpp"

namespace loa::node {

/// With what the node proves who it is: to the broker by a certificate, to the controller by a signature.
struct KeyPair {
  std::string certificate_pem;
  std::string tls_key_pem;
  std::string signing_key_pem;
  scheduler::TimePoint issued;  ///< when the controller gave the certificate; the epoch for the bundle's
  std::string answer;           ///< the signed message in which it did; empty for the bundle's
};

/// The keys that the node speaks with: at first its bundle's, then keys that it made itself and renews. They change in three steps, each
/// on disk before it is acted on, so that a crash at any moment ends with keys that work: new keys are made (`coming-keys.json`,
/// with the id of the request for them), their certificate comes and is kept beside them, and a head in a session that spoke with them
/// proves that the controller knows them; then they are the node's own (`own-keys.json`, kept twice). The files have mode 0600; one
/// that is damaged is lost and said (kept_files.hpp). Loop thread; throws std::system_error where the disk refuses a write.
class OwnKeys {
 public:
  OwnKeys(std::filesystem::path folder, const Identity& identity, DiskHook hook = {});

  /// What the present session speaks with.
  const KeyPair& speaking() const { return speaks_coming_ ? coming_->keys : present_; }
  const protocol::PrivateKey& signing_key() const { return speaks_coming_ ? *coming_key_ : *present_key_; }
  /// Whether the node still speaks as its bundle says.
  bool bundled() const { return bundled_; }
  /// When the present keys were given.
  scheduler::TimePoint issued() const { return present_.issued; }

  /// A new attempt to connect: speaks with coming keys that have a certificate; where those brought no head within kPatience, with them
  /// and the present ones in turn.
  void choose(Monotonic now);
  /// Makes new keys, where none are coming yet.
  void make_coming();
  bool coming() const { return coming_.has_value(); }
  /// The request for them, while it is worth asking: they have no certificate, or one that does not lead to the controller.
  std::optional<protocol::CertificateRequest> request(scheduler::TimePoint now) const;
  /// Keeps the certificate of the coming keys, which came as `answer`; refused as `stale` where it answers another request, as `malformed`
  /// where it is not theirs or not by an authority of `ca_pem`.
  protocol::Result<void> take(const protocol::Certificate& certificate, const std::string& answer, const std::string& ca_pem);
  /// A head came in a session that spoke with the coming keys: they are the present ones from now on. Otherwise nothing happens.
  void proved();

  /// What was lost of all this since the start.
  const std::vector<Loss>& losses() const { return files_.losses(); }

  static constexpr std::chrono::minutes kPatience{10};

 private:
  struct Coming {
    std::string id;
    std::string csr_pem;
    KeyPair keys;  ///< the certificate empty until it came
  };
  void load_own();
  void load_coming();
  void keep(const Coming& coming);

  KeptFiles files_;
  const Identity& identity_;
  DiskHook hook_;
  KeyPair present_;
  std::unique_ptr<protocol::PrivateKey> present_key_;
  bool bundled_ = true;
  std::optional<Coming> coming_;
  std::unique_ptr<protocol::PrivateKey> coming_key_;
  bool speaks_coming_ = false;
  std::optional<Monotonic> first_choice_;  // of the coming keys
  int choices_ = 0;
};

}  // namespace loa::node
