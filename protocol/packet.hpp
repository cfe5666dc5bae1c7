#pragma once
#include <string>
#include <string_view>

#include "protocol/ed25519.hpp"
#include "protocol/envelope.hpp"
#include "protocol/refusal.hpp"

namespace loa::protocol {

/// Plans and states: what is signed of them is their JSON deflated (RFC 1950). Plans are long, states are many, and a node may be on a SIM card.
constexpr bool is_deflated(MessageType type) { return type == MessageType::plan || type == MessageType::state; }

/// Signs `json` as a message of `type`, deflated where is_deflated(). No limit is looked at: pack_plan() is for plans.
std::string pack(MessageType type, std::string_view kid, std::string_view json, const PrivateKey& key);

/// pack() of a plan; too_large above kMaxPlanJson or kMaxPlanDeflated: say so to the officer before saving.
Result<std::string> pack_plan(std::string_view json, std::string_view kid, const PrivateKey& key);

/// The JSON of a message whose signature has been verified; too_large where it would inflate to more than kMaxPlanJson or kMaxStateJson.
Result<std::string> json_of(Envelope envelope);

/// `open`, then the signature by `key`: the JSON, or bad_signature.
Result<std::string> open(std::string_view jws, MessageType expected, const PublicKey& key);

/// zlib stream (RFC 1950) of `bytes` at the best level.
std::string deflate(std::string_view bytes);

/// Inflates one whole zlib stream and stops at `limit` bytes: too_large where it would give more, malformed
/// where it is cut short, broken or followed by other bytes.
Result<std::string> inflate(std::string_view bytes, std::size_t limit);

}  // namespace loa::protocol
