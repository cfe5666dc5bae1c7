#include "controller/store/second_factors.hpp"

#include "controller/store/sql.hpp"
#include "controller/store/user_sessions.hpp"

namespace loa::store {

template <>
struct sql::Fields<SecondFactor> {
  static void visit(Columns& c, SecondFactor& f) {
    c("user_id", f.user);
    c("secret", f.secret);
    c("pending", f.pending);
    c("pending_until", f.pending_until);
    c("confirmed", f.confirmed);
    c("last_step", f.last_step);
  }
};

namespace {

void put(Session& session, const SecondFactor& factor) {
  sql::insert(session, "second_factors", factor, sql::or_replace<SecondFactor>("user_id"));
}

void replace_codes(Session& session, const std::string& user, const std::vector<std::string>& hashes) {
  sql::execute(session, "delete from recovery_codes where user_id = :user", sql::params(user));
  for (const auto& hash : hashes)
    sql::execute(session, "insert into recovery_codes (user_id, hash) values (:user, :hash)", sql::params(user, hash));
}

}  // namespace

std::optional<SecondFactor> find_second_factor(Session& session, const std::string& user) {
  return sql::select_one<SecondFactor>(session, "from second_factors where user_id = :user", sql::params(user));
}

bool has_second_factor(Session& session, const std::string& user) {
  return sql::exists(session, "select 1 from second_factors where user_id = :user and confirmed is not null", sql::params(user));
}

void begin_second_factor(Transaction& transaction, const std::string& user, const std::string& sealed) {
  auto factor = find_second_factor(transaction.session(), user).value_or(SecondFactor{});
  factor.user = user;
  factor.pending = sealed;
  factor.pending_until = transaction.now() + kPendingLasts;
  put(transaction.session(), factor);
  transaction.audit("begin_second_factor", "user", user);
}

bool confirm_second_factor(Transaction& transaction, const std::string& user, std::int64_t step, const std::vector<std::string>& recovery_hashes) {
  auto& session = transaction.session();
  auto factor = find_second_factor(session, user);
  if (!factor || factor->pending.empty() || factor->pending_until <= transaction.now()) return false;
  factor->secret = std::exchange(factor->pending, {});
  factor->confirmed = transaction.now();
  factor->last_step = step;
  put(session, *factor);
  replace_codes(session, user, recovery_hashes);
  transaction.audit("confirm_second_factor", "user", user);
  return true;
}

bool use_step(Transaction& transaction, const std::string& user, std::int64_t step) {
  return sql::execute(transaction.session(), "update second_factors set last_step = :step where user_id = :user and last_step < :than",
                      sql::params(step, user, step)) == 1;
}

bool use_recovery_code(Transaction& transaction, const std::string& user, const std::string& hash) {
  auto& session = transaction.session();
  if (sql::execute(session, "update recovery_codes set used = :now where user_id = :user and hash = :hash and used is null",
                   sql::params(transaction.now(), user, hash)) != 1)
    return false;
  transaction.audit("use_recovery_code", "user", user, {}, std::to_string(recovery_codes_left(session, user)) + " left");
  return true;
}

int recovery_codes_left(Session& session, const std::string& user) {
  return sql::value<int>(session, "select count(*) from recovery_codes where user_id = :user and used is null", sql::params(user)).value_or(0);
}

void set_recovery_codes(Transaction& transaction, const std::string& user, const std::vector<std::string>& hashes) {
  replace_codes(transaction.session(), user, hashes);
  transaction.audit("new_recovery_codes", "user", user);
}

bool remove_second_factor(Transaction& transaction, const std::string& user, const std::string& except) {
  auto& session = transaction.session();
  sql::execute(session, "delete from recovery_codes where user_id = :user", sql::params(user));
  if (sql::execute(session, "delete from second_factors where user_id = :user", sql::params(user)) == 0) return false;
  end_user_sessions(transaction, user, except);
  transaction.audit("remove_second_factor", "user", user);
  return true;
}

}  // namespace loa::store
