#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"

namespace loa::store {

enum class Role { author, approver, monitor, admin };
const char* name_of(Role role);
std::optional<Role> parse_role(std::string_view name);

/// A role held for an area and everything below it.
struct Grant {
  Role role = Role::monitor;
  std::string area;
  bool operator==(const Grant&) const = default;
};

struct User {
  std::string id;     ///< `u-` + random
  std::string login;  ///< unique, lower case
  std::string name;
  std::string password_hash;  ///< as libsodium's crypto_pwhash_str writes it
  bool disabled = false;
  std::vector<Grant> grants;
  TimePoint created;
  bool operator==(const User&) const = default;
};

/// A signed-in browser or command line; only the token's hash is kept.
struct UserSession {
  std::string token_hash;  ///< SHA-256 of the token, hex
  std::string user;
  TimePoint created;
  TimePoint expires;
  std::string address;
};

/// False where the login is taken.
bool add_user(Transaction& transaction, const User& user);
/// Changes name, password hash and disabled, and ends all sessions where the last two change; false: no such user.
bool update_user(Transaction& transaction, const User& user);
/// Replaces the grants whole.
bool set_grants(Transaction& transaction, const std::string& user, const std::vector<Grant>& grants);

std::optional<User> find_user(Session& session, const std::string& id);
std::optional<User> find_user_by_login(Session& session, const std::string& login);
std::vector<User> list_users(Session& session);

void add_user_session(Transaction& transaction, const UserSession& user_session);
/// The session of this token hash that has not expired at `now` and whose user is not disabled.
std::optional<UserSession> find_user_session(Session& session, const std::string& token_hash, TimePoint now);
/// True where there was one.
bool end_user_session(Transaction& transaction, const std::string& token_hash);
/// Removes what has expired.
void prune_user_sessions(Transaction& transaction);

void add_sign_in_attempt(Transaction& transaction, const std::string& login, bool succeeded);
/// Failed attempts since `since` for this login, or from this address.
int failed_sign_ins(Session& session, const std::string& login, const std::string& address, TimePoint since);

}  // namespace loa::store
