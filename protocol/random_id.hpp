#pragma once
#include <string>
#include <string_view>

namespace loa::protocol {

/// `prefix` + "-" + 26 lower-case base32 characters (RFC 4648 alphabet) of 128 random bits; throws where the
/// system has no randomness. Any thread.
std::string random_id(std::string_view prefix);

/// 16 random bytes as 22 characters of base64url, for a state's nonce; throws where the system has no
/// randomness. Any thread.
std::string random_nonce();

/// Whether `text` has the shape of a nonce.
bool is_nonce(std::string_view text);

}  // namespace loa::protocol
