#include "controller/store/user_sessions.hpp"

#include <fmt/format.h>

#include "controller/store/api_tokens.hpp"
#include "controller/store/recovery_hold.hpp"
#include "controller/store/sql.hpp"

namespace loa::store {

namespace {

/// Recovery codes of one user that were not used.
struct LeftCodes {
  std::string user;
  std::string login;
  int codes = 0;
};

}  // namespace

template <>
struct sql::Fields<UserSession> {
  static void visit(Columns& c, UserSession& s) {
    c("id", s.id);
    c("token_hash", s.token_hash);
    c("user_id", s.user);
    c("created", s.created);
    c("expires", s.expires);
    c("last_used", s.last_used);
    c("proven", s.proven);
    c("address", s.address);
    c("agent", s.agent);
  }
};

template <>
struct sql::Fields<LeftCodes> {
  static void visit(Columns& c, LeftCodes& left) {
    c("user_id", left.user);
    c("login", left.login);
    c("codes", left.codes);
  }
};

namespace {

// A token that was revoked since must not read again, and who brought the database back cannot know which.
void revoke_every_token(Transaction& transaction) {
  for (const auto& id : sql::values<std::string>(transaction.session(), "select id from api_tokens where revoked is null and expires > :now order by id",
                                                 sql::params(transaction.now()))) {
    const auto token = find_api_token(transaction.session(), id);
    revoke_api_token(transaction, id);
    add_hold_note(transaction, {"revoked_token", id, fmt::format("\"{}\", of {}: the machine that reads with it needs another", token->name, token->area)});
  }
}

// A code that was used since must not count once more.
void take_recovery_codes(Transaction& transaction) {
  auto& session = transaction.session();
  for (const auto& left : sql::select<LeftCodes>(session,
                                                 "from (select u.id as user_id, u.login, count(*) as codes from recovery_codes r join users u on u.id = r.user_id"
                                                 " where r.used is null group by u.id, u.login) as left_codes order by user_id")) {
    add_hold_note(transaction, {"recovery_codes", left.user, fmt::format("{} recovery codes of {} count no more: make new ones", left.codes, left.login)});
    transaction.audit("end_recovery_codes", "user", left.user, {}, std::to_string(left.codes));
  }
  sql::execute(session, "delete from recovery_codes");
}

}  // namespace

void add_user_session(Transaction& transaction, const UserSession& user_session) {
  sql::insert(transaction.session(), "user_sessions", user_session);
  transaction.audit("sign_in", "user", user_session.user, {}, user_session.id);
}

std::optional<UserSession> find_user_session(Session& session, const std::string& token_hash, TimePoint now, Millis idle) {
  return sql::select_one<UserSession>(session,
                                      "from user_sessions s join users u on u.id = s.user_id where s.token_hash = :token"
                                      " and s.expires > :now and s.last_used > :used and u.disabled = 0",
                                      sql::params(token_hash, now, now - idle), "s");
}

std::vector<UserSession> list_user_sessions(Session& session, const std::string& user, TimePoint now, Millis idle) {
  return sql::select<UserSession>(session,
                                  "from user_sessions where user_id = :user and expires > :now and last_used > :used"
                                  " order by created desc, id",
                                  sql::params(user, now, now - idle));
}

void touch_user_session(Transaction& transaction, const std::string& id) {
  sql::execute(transaction.session(), "update user_sessions set last_used = :now where id = :id", sql::params(transaction.now(), id));
}

void prove_user_session(Transaction& transaction, const std::string& id) {
  sql::execute(transaction.session(), "update user_sessions set proven = :now where id = :id", sql::params(transaction.now(), id));
  transaction.audit("prove", "user", transaction.actor().user, {}, id);
}

bool end_user_session(Transaction& transaction, const std::string& user, const std::string& id, std::string_view action) {
  if (sql::execute(transaction.session(), "delete from user_sessions where user_id = :user and id = :id", sql::params(user, id)) == 0)
    return false;
  transaction.audit(action, "user", user, {}, id);
  return true;
}

int end_user_sessions(Transaction& transaction, const std::string& user, const std::string& except) {
  const auto ended = static_cast<int>(sql::execute(
      transaction.session(), "delete from user_sessions where user_id = :user and id <> :except", sql::params(user, except)));
  if (ended > 0) transaction.audit("end_sessions", "user", user, {}, std::to_string(ended));
  return ended;
}

void forget_sign_ins(Transaction& transaction) {
  auto& session = transaction.session();
  const auto ended = sql::execute(session, "delete from user_sessions");
  sql::execute(session, "delete from known_devices");
  sql::execute(session, "delete from invitations");
  if (ended > 0) transaction.audit("end_sessions", "user", "", {}, std::to_string(ended) + " of everybody");
  revoke_every_token(transaction);
  take_recovery_codes(transaction);
  const auto users = sql::value<int>(session, "select count(*) from users").value_or(0);
  if (users > 0)
    add_hold_note(transaction, {"accounts", "all",
                                fmt::format("{} accounts are as they were in this database: a password or second factor that was changed since, a role that was taken away "
                                            "and an account that was deactivated count as before; change them again",
                                            users)});
}

void prune_user_sessions(Transaction& transaction, Millis idle) {
  const auto now = transaction.now();
  sql::execute(transaction.session(), "delete from user_sessions where expires <= :now or last_used <= :used", sql::params(now, now - idle));
  sql::execute(transaction.session(), "delete from sign_in_attempts where at < :then", sql::params(now - std::chrono::hours(24)));
}

void add_sign_in_attempt(Transaction& transaction, const std::string& login, bool succeeded) {
  sql::execute(transaction.session(),
               "insert into sign_in_attempts (at, login, address, succeeded) values (:at, :login, :address, :succeeded)",
               sql::params(transaction.now(), login, transaction.actor().address, succeeded));
}

int failed_sign_ins(Session& session, const std::string& login, const std::string& address, TimePoint since) {
  return sql::value<int>(session,
                         "select count(*) from sign_in_attempts where at >= :since and succeeded = 0"
                         " and (login = :login or address = :address)",
                         sql::params(since, login, address))
      .value_or(0);
}

}  // namespace loa::store
