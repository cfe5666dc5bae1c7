#pragma once
#include <memory>
#include <string>

#include "controller/store/database_url.hpp"
#include "controller/store/session.hpp"

/// What PostgreSQL needs besides SQL: inside the store only.
namespace loa::store::postgresql {

/// Connects, and checks what the store relies on: UTF-8, order of texts by bytes, a server that waits for its disk. Throws
/// std::runtime_error with one line, which never holds a password.
std::unique_ptr<Session> connect(const DatabaseUrl& url);

/// Whether the session is one on PostgreSQL.
bool is_on(Session& session);

/// Whether the server has gone or closed this session, as far as has been heard: asks the socket, not the server.
bool is_lost(Session& session);

/// Commits the open transaction. Where the connection breaks meanwhile, a second one asks the server what became of it, for at most
/// ten seconds: returns where it was committed, and throws where it was not or nobody knows. Throws also where a statement of the
/// transaction had failed: the server would roll it back and call that a success.
void commit(Session& session);

/// Takes the lock of the one controller of this database and schema, which ends with the session; false where another has it.
bool try_hold(Session& session);
/// Gives it back; where that fails the session's end does.
void let_go(Session& session) noexcept;
/// Who has that lock, as the server names it, for a person; empty where nobody has.
std::string holder(Session& session);

}  // namespace loa::store::postgresql
