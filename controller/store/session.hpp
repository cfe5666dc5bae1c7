#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "scheduler/time.hpp"

namespace soci {
class session;
class transaction;
}  // namespace soci

namespace loa::store {

using scheduler::Millis;
using scheduler::TimePoint;

/// One connection to the database. Used by one thread at a time; every repository function takes it and throws
/// soci::soci_error where the database is broken.
using Session = soci::session;

/// Who does a write, as the audit rows name it.
struct Actor {
  std::string user;     ///< user id, node id, or `system`
  std::string address;  ///< where the request came from, empty for the program itself
};

/// The program itself, where no person asked for the write.
Actor system_actor();

/// One write, rolled back unless committed: `begin immediate` on SQLite, repeatable read on PostgreSQL. Not nestable. Where a
/// statement has failed it must not be committed: PostgreSQL has given it up.
class Transaction {
 public:
  Transaction(Session& session, Actor actor, TimePoint now);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  Session& session() { return x_session; }
  const Actor& actor() const { return x_actor; }
  /// The moment that every row of this write carries.
  TimePoint now() const { return x_now; }
  /// Adds an audit row that is committed with the write or not at all; `area` empty: nobody's branch, admins of the root see it.
  void audit(std::string_view action, std::string_view subject, std::string_view id, std::string_view area = {},
             std::string_view detail = {});
  /// Returns only when everything is on disk; throws where it is not, or where the connection broke and nobody can tell.
  void commit();

 private:
  Session& x_session;
  Actor x_actor;
  TimePoint x_now;
  bool x_open = true;
};

/// Opens the database of this URL (see parse_database_url) and brings it to the newest schema; throws std::runtime_error with the
/// place and reason where that fails, or where it was written by a newer program. Does not hinder others (see Hold).
std::unique_ptr<Session> open_session(const std::string& url);

/// The number of the newest migration that the session's database has.
int schema_version(Session& session);

}  // namespace loa::store
