#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/time.hpp"

// One-time codes by time (RFC 6238 with HMAC-SHA-1, 30 seconds and 6 digits, as every authenticator app makes them) and recovery codes.
namespace loa::api {

/// 160 random bits, as RFC 4226 section 4 recommends.
std::string new_secret();
/// As apps take it when it is typed: base32 without padding, in groups of four.
std::string typed_secret(const std::string& secret);
/// `otpauth://totp/…` of the secret, for a QR code; `account` is the user's name, `issuer` the controller's.
std::string secret_uri(const std::string& secret, const std::string& issuer, const std::string& account);
/// The step of 30 seconds whose code this is, at most one before or after `now`; nothing where it is none.
std::optional<std::int64_t> step_of_code(const std::string& secret, std::string_view code, scheduler::TimePoint now);

/// Whether it looks like a code of an app (six digits) and not like a recovery code.
bool is_time_code(std::string_view code);
/// Ten codes of 120 random bits each, in groups of four letters and digits that cannot be mistaken for each other.
std::vector<std::string> new_recovery_codes();
/// What the store keeps of one; typed in capitals, with other separators or none, it is the same. Empty where it cannot be one.
std::string recovery_hash(std::string_view code);

}  // namespace loa::api
