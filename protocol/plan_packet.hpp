#pragma once
#include <string>
#include <string_view>

#include "protocol/ed25519.hpp"
#include "protocol/refusal.hpp"

namespace loa::protocol {

/// Deflates (RFC 1950) a plan's JSON and signs it as `loa-plan`; too_large above kMaxPlanJson or
/// kMaxPlanDeflated: say so to the officer before saving.
Result<std::string> pack_plan(std::string_view json, std::string_view kid, const PrivateKey& key);

/// zlib stream (RFC 1950) of `bytes` at the best level.
std::string deflate(std::string_view bytes);

/// Inflates one whole zlib stream and stops at `limit` bytes: too_large where it would give more, malformed
/// where it is cut short, broken or followed by other bytes.
Result<std::string> inflate(std::string_view bytes, std::size_t limit);

}  // namespace loa::protocol
