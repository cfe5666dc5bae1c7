#include "controller/store/user_sessions.hpp"

#include "controller/store/sql.hpp"

namespace loa::store {

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
