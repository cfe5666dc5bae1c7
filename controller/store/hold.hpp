#pragma once
#include <string>

#include "controller/store/database_url.hpp"
#include "controller/store/session.hpp"

namespace loa::store {

/// The right to be the one program that serves a store: its thread counts on it that nobody else writes. SQLite: a lock on `FILE.lock`,
/// PostgreSQL: an advisory lock of the session. Kept until this is destroyed or, on PostgreSQL, the session ends, which must outlive it.
class Hold {
 public:
  /// Waits a moment for one that is just ending; throws std::runtime_error where another program has it.
  Hold(Session& session, const DatabaseUrl& url);
  ~Hold();
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  int x_file = -1;
  Session* x_session = nullptr;
};

}  // namespace loa::store
