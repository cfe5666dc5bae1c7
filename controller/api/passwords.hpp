#pragma once
#include <string>
#include <string_view>

namespace loa::api {

/// Cost of one password hash (Argon2id, RFC 9106, as libsodium counts it).
struct PasswordCost {
  unsigned long long operations = 2;     ///< libsodium's INTERACTIVE
  std::size_t memory = 64 * 1024 * 1024; ///< bytes
};

/// Lengths that a new password may have, in characters.
inline constexpr std::size_t kLeastPassword = 12;
inline constexpr std::size_t kMostPassword = 128;

/// Hashes a password; takes tens of milliseconds and `memory`, so never on the loop. Throws std::runtime_error where memory is short.
std::string hash_password(std::string_view password, const PasswordCost& cost);

/// Whether `password` is the one that `hash` was made from; as slow as making it. An empty hash fits nothing but takes as long.
bool fits(std::string_view password, const std::string& hash, const PasswordCost& cost);

/// 256 random bits as 64 hex characters, for a cookie or a confirmation.
std::string random_token();

}  // namespace loa::api
