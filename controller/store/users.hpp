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

/// False where the login is taken.
bool add_user(Transaction& transaction, const User& user);
/// Changes name, password hash and disabled; where one of the last two changes, ends all sessions and forgets the known devices. False: no such user.
bool update_user(Transaction& transaction, const User& user);
/// Replaces the grants whole, and ends all sessions where that changes any; false: no such user.
bool set_grants(Transaction& transaction, const std::string& user, const std::vector<Grant>& grants);

std::optional<User> find_user(Session& session, const std::string& id);
std::optional<User> find_user_by_login(Session& session, const std::string& login);
std::vector<User> list_users(Session& session);

}  // namespace loa::store
