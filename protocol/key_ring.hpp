#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ed25519.hpp"
#include "protocol/messages.hpp"
#include "protocol/refusal.hpp"

namespace loa::protocol {

/// `kid` of the root key, which signs key sets and nothing else.
inline constexpr std::string_view kRootKid = "root";

/// A message whose signature counts; `payload` is its JSON (already inflated).
struct Verified {
  MessageType type = MessageType::state;
  std::string kid;
  std::string payload;
  TimePoint issued;
};

/// The keys that one node believes: the pinned root and the newest key set that it signed. Not thread-safe;
/// lives on the loop.
class KeyRing {
 public:
  explicit KeyRing(const PublicKey& root) : root_{root} {}

  /// Takes a root-signed key set of a higher number than the one held. Refused: bad_signature, old_revision,
  /// malformed; the ring then keeps what it had. The very set that is held (a retained message come again) is
  /// taken once more without a change.
  Result<KeySet> take(std::string_view jws);

  /// Checks a controller's message for a node whose chain of areas (province first) is `chain_held`. Refused:
  /// unknown_key (hold the message up to 30 s for the next key set), revoked_key, key_not_allowed (the type,
  /// or the key's branch is not in the chain held, or the chain that the message names is another down to that
  /// branch, so that a key moves nothing above itself), key_dates,
  /// bad_signature, wrong_area (an alert of an area outside the chain), too_large (a plan that inflates
  /// without end), and whatever `open` refuses.
  Result<Verified> verify(std::string_view jws, MessageType expected,
                          const std::vector<std::string>& chain_held) const;

  /// Whether what `kid` signed counts still: listed and not revoked. After `take`, drop what is held by a key
  /// that does not.
  bool counts(std::string_view kid) const;

  /// Number of the key set held; 0 before the first.
  std::int64_t number() const { return set_ ? set_->number : 0; }

  /// PEM of the authorities that the key set lists; empty: those of the bundle are to be trusted.
  const std::string& authorities() const { return authorities_; }

 private:
  const SigningKey* find(std::string_view kid) const;

  PublicKey root_;
  std::optional<KeySet> set_;
  std::string jws_;
  std::string authorities_;
};

/// Checks on the controller what `node` says of itself (state, receipt, log or request for a certificate) against the node's own key;
/// `kid` is the node id. Refused: unknown_key (another kid), key_not_allowed (another type), bad_signature,
/// and whatever `open` refuses.
Result<Verified> verify_from_node(std::string_view jws, MessageType expected, std::string_view node,
                                  const PublicKey& key);

}  // namespace loa::protocol
