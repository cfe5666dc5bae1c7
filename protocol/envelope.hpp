#pragma once
#include <string>
#include <string_view>

#include "protocol/ed25519.hpp"
#include "protocol/messages.hpp"
#include "protocol/refusal.hpp"

namespace loa::protocol {

/// A JWS compact message (RFC 7515, RFC 8037) taken apart; nothing in it is to be believed before `signed_by`
/// said yes.
struct Envelope {
  MessageType type = MessageType::state;
  std::string kid;
  std::string payload;  ///< bytes as signed: JSON, deflated in some types (packet.hpp)
  std::string signed_part;
  std::string signature;

  bool signed_by(const PublicKey& key) const { return verify(key, signed_part, signature); }
};

/// Signs `payload`: protected header `{"alg":"EdDSA","kid":…,"typ":…}`. `kid` must satisfy is_id.
std::string sign(MessageType type, std::string_view kid, std::string_view payload, const PrivateKey& key);

/// Takes `jws` apart without verifying. Refused: too_large above max_signed(expected), malformed where it is
/// not one exact compact JWS with exactly alg, kid and typ and alg EdDSA, wrong_type where typ is not
/// `expected`.
Result<Envelope> open(std::string_view jws, MessageType expected);

}  // namespace loa::protocol
