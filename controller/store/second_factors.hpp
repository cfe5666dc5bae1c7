#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"

// Second factors (RFC 6238) and recovery codes. Secrets come and go sealed: only the api opens them.
namespace loa::store {

struct SecondFactor {
  std::string user;
  std::string secret;   ///< sealed, the one that counts; empty before the first was confirmed
  std::string pending;  ///< sealed, of a device that has shown no code yet; empty: none
  TimePoint pending_until;
  std::optional<TimePoint> confirmed;
  std::int64_t last_step = 0;  ///< of the newest code that was taken: no code counts twice (RFC 6238 section 5.2)
};

/// How long a new device may take until its first code.
inline constexpr Millis kPendingLasts = std::chrono::minutes(15);

std::optional<SecondFactor> find_second_factor(Session& session, const std::string& user);
/// Whether the user has one that counts.
bool has_second_factor(Session& session, const std::string& user);
/// Notes the sealed secret of a new device; the one that counts stays until the new one is confirmed.
void begin_second_factor(Transaction& transaction, const std::string& user, const std::string& sealed);
/// Makes the pending secret the one that counts, as its code of this step has shown, and the hashes the only recovery codes. False where
/// nothing is pending (any more).
bool confirm_second_factor(Transaction& transaction, const std::string& user, std::int64_t step, const std::vector<std::string>& recovery_hashes);
/// Takes a code's step; false where it, or a later one, was taken before.
bool use_step(Transaction& transaction, const std::string& user, std::int64_t step);
/// Takes a recovery code; false where it is none or was used. Audited.
bool use_recovery_code(Transaction& transaction, const std::string& user, const std::string& hash);
int recovery_codes_left(Session& session, const std::string& user);
void set_recovery_codes(Transaction& transaction, const std::string& user, const std::vector<std::string>& hashes);
/// Takes second factor and recovery codes away, and ends all sessions but `except`; false where there was none.
bool remove_second_factor(Transaction& transaction, const std::string& user, const std::string& except = {});

}  // namespace loa::store
