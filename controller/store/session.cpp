#include "controller/store/session.hpp"

#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <filesystem>
#include <optional>
#include <stdexcept>

#include "controller/store/audit_chain.hpp"
#include "controller/store/database_url.hpp"
#include "controller/store/hold.hpp"
#include "controller/store/migrations.hpp"
#include "controller/store/open_offline.hpp"
#include "controller/store/open_to_read.hpp"
#include "controller/store/postgresql.hpp"
#include "controller/store/sql.hpp"

namespace loa::store {
namespace {

void set_up(Session& session) {
  session << "pragma journal_mode = wal";
  session << "pragma synchronous = full";
  session << "pragma foreign_keys = on";
  session << "pragma busy_timeout = 10000";
  session << "pragma case_sensitive_like = on";  // as PostgreSQL compares
}

// Row locks and snapshots are no help against another writer's gaps: that there is none is what Hold sees to. Repeatable read
// turns a change from elsewhere into an error instead of overwriting it.
void begin(Session& session) {
  session << (postgresql::is_on(session) ? "begin isolation level repeatable read" : "begin immediate");
}

// Two programs may open a new database at once: one makes the tables. Not with repeatable read, whose snapshot would be older than the wait.
void begin_migration(Session& session) {
  if (!postgresql::is_on(session)) return begin(session);
  session << "begin";
  session << "select pg_advisory_xact_lock(1280262913, hashtext(current_schema()))";
}

void roll_back(Session& session) {
  try {
    session << "rollback";
  } catch (const std::exception&) {  // SQLite has rolled back by itself, or the connection is gone and the transaction with it
  }
}

void run_script(Session& session, std::string_view sql) {
  while (!sql.empty()) {
    const auto end = sql.find(";\n");
    const std::string statement(sql.substr(0, end));
    sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + 2);
    if (statement.find_first_not_of(" \n") != std::string::npos) session << statement;
  }
}

void migrate(Session& session, const DatabaseUrl& place) {
  begin_migration(session);
  try {
    std::optional<Hold> hold;
    if (!postgresql::is_on(session) && sql::exists(session, "select 1 from sqlite_master limit 1", {}) &&
        !sql::exists(session, "select 1 from sqlite_master where name = 'schema_version'", {}))
      throw std::runtime_error("the file holds the tables of another program");
    session << "create table if not exists schema_version (number integer not null)";
    const int version = schema_version(session);
    if (version > static_cast<int>(migrations().size()))
      throw std::runtime_error(fmt::format("written by a newer program (schema {}, this one knows {})", version,
                                           migrations().size()));
    // Not under a controller of an older version.
    if (version < static_cast<int>(migrations().size())) hold.emplace(session, place);
    for (const auto& step : migrations()) {
      if (step.number <= version) continue;
      run_script(session, step.sql);
      if (step.name.ends_with("audit_chain.sql")) chain_audit(session);
      session << "insert into schema_version (number) values (:n)", soci::use(step.number);
    }
    session << "commit";
  } catch (...) {
    roll_back(session);
    throw;
  }
}

std::unique_ptr<Session> connect(const DatabaseUrl& place, bool offline) {
  if (place.kind == DatabaseUrl::Kind::postgresql) return postgresql::connect(place);
  const bool keeps_log = offline && has_log(place.target);
  // SOCI splits its connection text at spaces, so a path is quoted.
  auto session = std::make_unique<Session>(soci::sqlite3, "dbname=\"" + place.target + "\" timeout=10");
  leave_log(*session, keeps_log);
  set_up(*session);
  return session;
}

std::unique_ptr<Session> open_and_migrate(const std::string& url, bool offline) {
  const auto place = parse_database_url(url);
  try {
    auto session = connect(place, offline);
    migrate(*session, place);
    return session;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("store: cannot open {}: {}", place.shown, error.what()));
  }
}

}  // namespace

Actor system_actor() { return {"system", ""}; }

Transaction::Transaction(Session& session, Actor actor, TimePoint now)
    : x_session(session), x_actor(std::move(actor)), x_now(now) {
  begin(x_session);
}

Transaction::~Transaction() {
  if (x_open) roll_back(x_session);
}

void Transaction::audit(std::string_view action, std::string_view subject, std::string_view id, std::string_view area,
                        std::string_view detail) {
  // Two writers cannot both follow the same row: SQLite lets one in at a time, PostgreSQL refuses the second one's number.
  const auto [newest, hash] = newest_audit(x_session);
  AuditRow row{newest + 1,           x_now,           x_actor.user,      x_actor.address,     std::string(action), std::string(subject),
               std::string(id),      std::string(area), std::string(detail), hash,              {}};
  row.hash = audit_hash(row);
  insert_audit(x_session, row);
}

void Transaction::commit() {
  if (postgresql::is_on(x_session))
    postgresql::commit(x_session);
  else
    x_session << "commit";
  x_open = false;
}

int schema_version(Session& session) {
  int number = 0;
  session << "select coalesce(max(number), 0) from schema_version", soci::into(number);
  return number;
}

std::unique_ptr<Session> open_session(const std::string& url) { return open_and_migrate(url, false); }

std::unique_ptr<Session> open_offline(const std::string& url) { return open_and_migrate(url, true); }

bool has_log(const std::string& file) { return std::filesystem::exists(file + "-wal"); }

void leave_log(Session& session, bool had_log) {
  if (!had_log) return;
  if (session.get_backend_name() != "sqlite3") return;
  auto* backend = static_cast<soci::sqlite3_session_backend*>(session.get_backend());  // libsoci hides the type information that a dynamic_cast asks for
  int keep = 1;
  if (sqlite_api::sqlite3_file_control(backend->conn_, "main", SQLITE_FCNTL_PERSIST_WAL, &keep) != SQLITE_OK)
    throw std::runtime_error("its write-ahead log cannot be kept");
  session << "pragma journal_size_limit = 0";  // empty: what is written into a log that stays would be played again over a copied file
}

std::unique_ptr<Session> open_to_read(const std::string& url) {
  const auto place = parse_database_url(url);
  try {
    if (place.kind == DatabaseUrl::Kind::sqlite && !std::filesystem::is_regular_file(place.target)) throw std::runtime_error("there is no such file");
    const bool on_postgresql = place.kind == DatabaseUrl::Kind::postgresql;
    const bool keeps_log = !on_postgresql && has_log(place.target);
    auto session = on_postgresql ? postgresql::connect(place) : std::make_unique<Session>(soci::sqlite3, "dbname=\"" + place.target + "\" timeout=10");
    leave_log(*session, keeps_log);
    *session << (on_postgresql ? "set session characteristics as transaction read only" : "pragma query_only = on");
    const int version = schema_version(*session);
    if (version != static_cast<int>(migrations().size()))
      throw std::runtime_error(fmt::format("its schema is {}, this program reads {}", version, migrations().size()));
    return session;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("store: cannot read {}: {}", place.shown, error.what()));
  }
}

}  // namespace loa::store
