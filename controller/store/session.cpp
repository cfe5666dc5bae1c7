#include "controller/store/session.hpp"

#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <stdexcept>

#include "controller/store/migrations.hpp"

namespace loa::store {
namespace {

constexpr std::string_view kScheme = "sqlite://";

std::string path_of(const std::string& url) {
  if (url.starts_with(kScheme)) return url.substr(kScheme.size());
  if (url.find("://") != std::string::npos)
    throw std::runtime_error(fmt::format("store: cannot open {}: only sqlite:// is known", url));
  return url;
}

void set_up(Session& session) {
  session << "pragma journal_mode = wal";
  session << "pragma synchronous = full";
  session << "pragma foreign_keys = on";
  session << "pragma busy_timeout = 10000";
}

void run_script(Session& session, std::string_view sql) {
  while (!sql.empty()) {
    const auto end = sql.find(";\n");
    const std::string statement(sql.substr(0, end));
    sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + 2);
    if (statement.find_first_not_of(" \n") != std::string::npos) session << statement;
  }
}

void migrate(Session& session) {
  session << "begin immediate";
  try {
    session << "create table if not exists schema_version (number integer not null)";
    const int version = schema_version(session);
    if (version > static_cast<int>(migrations().size()))
      throw std::runtime_error(fmt::format("written by a newer program (schema {}, this one knows {})", version,
                                           migrations().size()));
    for (const auto& step : migrations()) {
      if (step.number <= version) continue;
      run_script(session, step.sql);
      session << "insert into schema_version (number) values (:n)", soci::use(step.number);
    }
    session << "commit";
  } catch (...) {
    session << "rollback";
    throw;
  }
}

}  // namespace

Actor system_actor() { return {"system", ""}; }

Transaction::Transaction(Session& session, Actor actor, TimePoint now)
    : x_session(session), x_actor(std::move(actor)), x_now(now) {
  x_session << "begin immediate";
}

Transaction::~Transaction() {
  if (!x_open) return;
  try {
    x_session << "rollback";
  } catch (const std::exception&) {  // SQLite has rolled back by itself
  }
}

void Transaction::audit(std::string_view action, std::string_view subject, std::string_view id, std::string_view area,
                        std::string_view detail) {
  const long long at = scheduler::to_ms(x_now);
  const std::string a(action), s(subject), i(id), r(area), d(detail);
  x_session << "insert into audit (number, at, user_id, address, action, subject, id, area, detail)"
               " select coalesce(max(number), 0) + 1, :at, :user, :address, :action, :subject, :id, :area, :detail"
               " from audit",
      soci::use(at), soci::use(x_actor.user), soci::use(x_actor.address), soci::use(a), soci::use(s), soci::use(i),
      soci::use(r), soci::use(d);
}

void Transaction::commit() {
  x_session << "commit";
  x_open = false;
}

int schema_version(Session& session) {
  int number = 0;
  session << "select coalesce(max(number), 0) from schema_version", soci::into(number);
  return number;
}

std::unique_ptr<Session> open_session(const std::string& url) {
  const std::string path = path_of(url);
  try {
    // SOCI splits its connection text at spaces, so a path is quoted.
    auto session = std::make_unique<Session>(soci::sqlite3, "dbname=\"" + path + "\" timeout=10");
    set_up(*session);
    migrate(*session);
    return session;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("store: cannot open {}: {}", path, error.what()));
  }
}

}  // namespace loa::store
