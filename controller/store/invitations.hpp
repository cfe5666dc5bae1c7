#pragma once
#include <optional>
#include <string>

#include "controller/store/session.hpp"

// One-time links with which a person sets a password: the first, or a new one. A user has at most one.
namespace loa::store {

struct Invitation {
  std::string user;
  std::string token_hash;  ///< SHA-256 of the token, hex
  std::string creator;
  TimePoint created;
  TimePoint expires;
};

/// Makes the user's one invitation; an older one is worth nothing any more. Audited as `invite`, or as `reset` where the user has a password.
void put_invitation(Transaction& transaction, const Invitation& invitation);
/// The invitation of this token that counts at `now`; none of a disabled user.
std::optional<Invitation> find_invitation(Session& session, const std::string& token_hash, TimePoint now);
/// Until when the user's invitation counts; nothing where there is none.
std::optional<TimePoint> invited_until(Session& session, const std::string& user, TimePoint now);
/// Uses it up: sets the password, ends the user's sessions, forgets the known devices. False where it does not count (any more).
bool redeem_invitation(Transaction& transaction, const std::string& token_hash, const std::string& password_hash);
/// True where there was one.
bool withdraw_invitation(Transaction& transaction, const std::string& user);

}  // namespace loa::store
