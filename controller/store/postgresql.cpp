#include "controller/store/postgresql.hpp"

#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "controller/store/sql.hpp"

namespace loa::store::postgresql {
namespace {

using namespace std::chrono_literals;

constexpr auto kAskedFor = 10s;   // what became of a commit
constexpr auto kAskEvery = 200ms;

// Lock of the controller: this number, and the schema as the server hashes it.
const std::string kHoldKey = "1280262912, hashtext(current_schema())";

soci::postgresql_session_backend& backend(Session& session) {
  return static_cast<soci::postgresql_session_backend&>(*session.get_backend());
}

std::string one_line(std::string text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == '\n' || c == '\t' || c == ' ';
    if (!space || (!line.empty() && line.back() != ' ')) line += space ? ' ' : c;
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::string explained(const std::string& message) {
  auto line = one_line(message);
  if (line.find("no password supplied") != std::string::npos)
    line += " (name a password file: ?passfile=FILE in the URL, or PGPASSFILE)";
  return line;
}

std::string shown(Session& session, const char* setting) {
  return sql::value<std::string>(session, std::string("show ") + setting).value_or("");
}

void set_up(Session& session) {
  for (const auto* text : {"set synchronous_commit = on", "set lock_timeout = '10s'", "set statement_timeout = '120s'",
                           "set jit = off", "set client_min_messages = warning"})
    session << text;
}

void check(Session& session) {
  if (shown(session, "server_encoding") != "UTF8") throw std::runtime_error("the database is not in UTF-8: make it with ENCODING 'UTF8'");
  // SQLite orders texts by bytes, and an index in a language's order breaks when the system's library changes that order.
  const auto order = sql::value<std::string>(session, "select case datlocprovider when 'c' then datcollate else coalesce(daticulocale, 'ICU') end"
                                              " from pg_database where datname = current_database()");
  if (order != "C" && order != "POSIX" && order != "C.UTF-8" && order != "C.utf8")
    throw std::runtime_error(fmt::format("the database orders texts by `{}`, not by bytes: make it with LC_COLLATE 'C' TEMPLATE template0",
                                         order.value_or("")));
  if (shown(session, "fsync") != "on" || shown(session, "full_page_writes") != "on")
    throw std::runtime_error("the server does not wait for its disk (fsync or full_page_writes is off): a power cut would lose what"
                             " was acknowledged");
  if (shown(session, "synchronous_commit") != "on") throw std::runtime_error("synchronous_commit cannot be set");
}

// Empty: the server does not know it any more, or not yet.
std::string fate_of(const std::string& connection, const std::string& transaction) {
  Session asking(soci::postgresql, connection);
  return sql::value<std::string>(asking, "select coalesce(pg_xact_status(cast(cast(:id as text) as xid8)), '')",
                                 sql::params(transaction))
      .value_or("");
}

bool was_committed(const std::string& connection, const std::string& transaction) {
  const auto end = std::chrono::steady_clock::now() + kAskedFor;
  while (std::chrono::steady_clock::now() < end) {
    try {
      const auto fate = fate_of(connection, transaction);
      if (fate == "committed") return true;
      if (fate == "aborted") return false;
    } catch (const std::exception&) {  // the server is not back yet
    }
    std::this_thread::sleep_for(kAskEvery);
  }
  throw std::runtime_error("the connection to the database broke while it committed, and what became of it is not known");
}

}  // namespace

std::unique_ptr<Session> connect(const DatabaseUrl& url) {
  try {
    auto session = std::make_unique<Session>(soci::postgresql, url.target);
    set_up(*session);
    check(*session);
    return session;
  } catch (const std::exception& error) {
    throw std::runtime_error(explained(error.what()));
  }
}

bool is_on(Session& session) { return session.get_backend_name() == "postgresql"; }

bool is_lost(Session& session) {
  auto* connection = backend(session).conn_;
  return PQstatus(connection) != CONNECTION_OK || PQconsumeInput(connection) == 0 || PQstatus(connection) != CONNECTION_OK;
}

void commit(Session& session) {
  auto& server = backend(session);
  if (PQtransactionStatus(server.conn_) != PQTRANS_INTRANS)
    throw std::runtime_error("the transaction cannot be committed: one of its statements failed");
  const auto transaction = sql::value<std::string>(session, "select coalesce(cast(pg_current_xact_id_if_assigned() as text), '')").value_or("");
  try {
    session << "commit";
  } catch (const std::exception&) {
    if (transaction.empty() || !is_lost(session)) throw;
    if (!was_committed(server.connectionParameters_.get_connect_string(), transaction)) throw;
  }
}

bool try_hold(Session& session) {
  return sql::value<int>(session, "select case when pg_try_advisory_lock(" + kHoldKey + ") then 1 else 0 end") == 1;
}

void let_go(Session& session) noexcept {
  try {
    session << "select pg_advisory_unlock(" + kHoldKey + ")";
  } catch (const std::exception&) {  // the connection is gone, and the lock with it
  }
}

std::string holder(Session& session) {
  return sql::value<std::string>(session,
                                 "select a.application_name || ' (server process ' || a.pid || ', from ' ||"
                                 " coalesce(host(a.client_addr), 'this machine') || ', since ' ||"
                                 " to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24.MI') || ' UTC)'"
                                 " from pg_locks l join pg_stat_activity a on a.pid = l.pid where l.locktype = 'advisory'"
                                 " and l.granted and l.classid = 1280262912 and l.objsubid = 2 and l.database ="
                                 " (select oid from pg_database where datname = current_database())")
      .value_or("");
}

}  // namespace loa::store::postgresql
