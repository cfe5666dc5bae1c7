#include "controller/store/users.hpp"

#include <algorithm>

#include "controller/store/columns.hpp"
#include "controller/store/known_devices.hpp"
#include "controller/store/user_sessions.hpp"

namespace loa::store {

const char* name_of(Role role) {
  switch (role) {
    case Role::author: return "author";
    case Role::approver: return "approver";
    case Role::monitor: return "monitor";
    case Role::admin: return "admin";
  }
  return "";
}

std::optional<Role> parse_role(std::string_view name) {
  for (const Role role : {Role::author, Role::approver, Role::monitor, Role::admin})
    if (name == name_of(role)) return role;
  return std::nullopt;
}

template <>
inline constexpr Role sql::kLast<Role> = Role::admin;

template <>
struct sql::Fields<User> {
  static void visit(Columns& c, User& u) {
    c("id", u.id);
    c("login", u.login);
    c("name", u.name);
    c("password_hash", u.password_hash);
    c("disabled", u.disabled);
    c("created", u.created);
  }
};

template <>
struct sql::Fields<Grant> {
  static void visit(Columns& c, Grant& g) {
    c("role", g.role);
    c("area", g.area);
  }
};

namespace {

void insert_grants(Session& session, const std::string& user, const std::vector<Grant>& grants) {
  for (const auto& grant : grants)
    sql::execute(session,
                 "insert into grants (user_id, role, area) values (:user, :role, :area) on conflict do nothing",
                 sql::params(user, grant.role, grant.area));
}

std::optional<User> with_grants(Session& session, std::optional<User> user) {
  if (user)
    user->grants = sql::select<Grant>(session, "from grants where user_id = :user order by role, area", sql::params(user->id));
  return user;
}

std::string text_of(const std::vector<Grant>& grants) {
  std::vector<std::string> words;
  for (const auto& grant : grants) words.push_back(std::string(name_of(grant.role)) + "@" + grant.area);
  return sql::join_words(words);
}

}  // namespace

bool add_user(Transaction& transaction, const User& user) {
  User added = user;
  added.created = transaction.now();
  if (sql::insert(transaction.session(), "users", added, "on conflict do nothing") == 0) return false;
  insert_grants(transaction.session(), user.id, user.grants);
  transaction.audit("add", "user", user.id, {}, user.login + " " + text_of(user.grants));
  return true;
}

bool update_user(Transaction& transaction, const User& user) {
  auto& session = transaction.session();
  auto held = find_user(session, user.id);
  if (!held) return false;
  const bool ends_sessions = held->password_hash != user.password_hash || held->disabled != user.disabled;
  const bool new_password = held->password_hash != user.password_hash;
  held->name = user.name;
  held->password_hash = user.password_hash;
  held->disabled = user.disabled;
  sql::update(session, "users", *held, "id = :id", sql::params(user.id));
  if (ends_sessions) {
    end_user_sessions(transaction, user.id);
    forget_known_devices(transaction, user.id);
  }
  transaction.audit("update", "user", user.id, {},
                    std::string(user.disabled ? "disabled" : "enabled") + (new_password ? ", new password" : ""));
  return true;
}

bool set_grants(Transaction& transaction, const std::string& user, const std::vector<Grant>& grants) {
  auto& session = transaction.session();
  const auto held = find_user(session, user);
  if (!held) return false;
  const bool same = std::is_permutation(held->grants.begin(), held->grants.end(), grants.begin(), grants.end());
  if (!same) end_user_sessions(transaction, user);
  sql::execute(session, "delete from grants where user_id = :user", sql::params(user));
  insert_grants(session, user, grants);
  transaction.audit("set_grants", "user", user, {}, text_of(grants));
  return true;
}

std::optional<User> find_user(Session& session, const std::string& id) {
  return with_grants(session, sql::select_one<User>(session, "from users where id = :id", sql::params(id)));
}

std::optional<User> find_user_by_login(Session& session, const std::string& login) {
  return with_grants(session, sql::select_one<User>(session, "from users where login = :login", sql::params(login)));
}

std::vector<User> list_users(Session& session) {
  auto users = sql::select<User>(session, "from users order by login");
  for (auto& user : users) user = *with_grants(session, std::move(user));
  return users;
}

}  // namespace loa::store
