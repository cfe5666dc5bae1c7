#include "controller/store/known_devices.hpp"

#include "controller/store/sql.hpp"

namespace loa::store {

bool is_known_device(Session& session, const std::string& user, const std::string& token_hash, TimePoint now) {
  return sql::exists(session, "select 1 from known_devices where token_hash = :token and user_id = :user and last_used > :then",
                     sql::params(token_hash, user, now - kKnownDeviceLasts));
}

void note_known_device(Transaction& transaction, const std::string& user, const std::string& token_hash) {
  auto& session = transaction.session();
  const auto now = transaction.now();
  sql::execute(session,
               "insert into known_devices (user_id, token_hash, created, last_used) values (:user, :token, :created, :used)"
               " on conflict (user_id, token_hash) do update set last_used = excluded.last_used",
               sql::params(user, token_hash, now, now));
  const auto kept = sql::values<std::string>(
      session, "select token_hash from known_devices where user_id = :user order by last_used desc, token_hash", sql::params(user));
  for (std::size_t i = kMostKnownDevices; i < kept.size(); ++i)
    sql::execute(session, "delete from known_devices where user_id = :user and token_hash = :token", sql::params(user, kept[i]));
}

void forget_known_devices(Transaction& transaction, const std::string& user) {
  sql::execute(transaction.session(), "delete from known_devices where user_id = :user", sql::params(user));
}

}  // namespace loa::store
