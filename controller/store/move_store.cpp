#include "controller/store/move_store.hpp"

#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "controller/store/database_url.hpp"
#include "controller/store/hold.hpp"
#include "controller/store/migrations.hpp"
#include "controller/store/postgresql.hpp"
#include "controller/store/tables.hpp"

namespace loa::store {
namespace {

using Progress = std::function<void(const MoveProgress&)>;

constexpr std::size_t kRowsAtOnce = 200;
constexpr std::int64_t kTellEvery = 10'000;

DatabaseUrl source_place(const std::string& url) {
  const auto place = parse_database_url(url);
  if (place.kind != DatabaseUrl::Kind::sqlite) throw std::runtime_error(fmt::format("store: {} is not on SQLite: nothing to move", place.shown));
  if (!std::filesystem::is_regular_file(place.target)) throw std::runtime_error(fmt::format("store: there is no {} to move", place.shown));
  return place;
}

DatabaseUrl target_place(const std::string& url) {
  const auto place = parse_database_url(url);
  if (place.kind != DatabaseUrl::Kind::postgresql) throw std::runtime_error(fmt::format("store: {} is not a PostgreSQL URL", place.shown));
  return place;
}

std::unique_ptr<Session> open_source(const DatabaseUrl& place) {
  try {
    auto session = std::make_unique<Session>(soci::sqlite3, "dbname=\"" + place.target + "\" timeout=10");
    *session << "pragma query_only = on";
    const auto whole = sql::value<std::string>(*session, "pragma quick_check(1)");
    if (whole != "ok") throw std::runtime_error("the file is damaged: " + whole.value_or(""));
    if (schema_version(*session) != static_cast<int>(migrations().size()))
      throw std::runtime_error("its schema is of another version: let this version's controller serve it once");
    return session;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("store: cannot read {}: {}", place.shown, error.what()));
  }
}

// Before anything is made there: a database with somebody else's tables is left alone.
void refuse_strangers(const DatabaseUrl& place) {
  std::string found;
  try {
    auto session = postgresql::connect(place);
    const auto tables = sql::values<std::string>(
        *session, "select cast(table_name as text) from information_schema.tables where table_schema = current_schema() order by 1");
    const bool ours = std::find(tables.begin(), tables.end(), "schema_version") != tables.end();
    if (!tables.empty() && !ours) found = tables.front();
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("store: cannot open {}: {}", place.shown, error.what()));
  }
  if (!found.empty()) throw std::runtime_error(fmt::format("store: {} is not empty: it has a table `{}`", place.shown, found));
}

void refuse_rows(Session& target, const DatabaseUrl& place, const std::vector<Table>& tables) {
  for (const auto& table : tables)
    if (sql::exists(target, "select 1 from " + table.name + " limit 1", {}))
      throw std::runtime_error(fmt::format("store: {} is not empty: there are rows in `{}`", place.shown, table.name));
}

std::int64_t count(Session& session, const Table& table) {
  return sql::value<std::int64_t>(session, "select count(*) from " + table.name).value_or(0);
}

// Calls `take` with each row of a query, without keeping them.
void each_row(Session& session, const std::string& text, std::vector<sql::Cell> row,
              const std::function<void(const std::vector<sql::Cell>&)>& take) {
  soci::statement statement(session);
  sql::bind_row(statement, row);
  statement.alloc();
  statement.prepare(text);
  statement.define_and_bind();
  statement.execute();
  while (statement.fetch()) take(row);
}

class Mover {
 public:
  Mover(Session& from, Session& to, const Progress& progress) : x_from(from), x_to(to), x_progress(progress) {}

  MovedTable copy(const Table& table) {
    check_values(x_from, table);
    MoveProgress progress{MoveProgress::Step::copying, table.name, 0, count(x_from, table)};
    x_progress(progress);
    Fingerprint sent;
    std::vector<std::vector<sql::Cell>> rows;
    each_row(x_from, table.select(), table.shape, [&](const std::vector<sql::Cell>& row) {
      sent.add(row);
      rows.push_back(row);
      if (rows.size() == kRowsAtOnce) insert(table, rows);
      if (++progress.rows % kTellEvery == 0) x_progress(progress);
    });
    insert(table, rows);
    if (sent.rows() != progress.of)
      throw std::runtime_error(fmt::format("store: {} of {} rows of {} hang together: its references are damaged", sent.rows(), progress.of, table.name));
    if (!(compare(table) == sent)) throw std::runtime_error(fmt::format("store: what arrived in {} is not what was sent; nothing was kept", table.name));
    return {table.name, sent.rows()};
  }

 private:
  void insert(const Table& table, std::vector<std::vector<sql::Cell>>& rows) {
    if (rows.empty()) return;
    try {
      sql::insert_rows(x_to, table.name, table.columns, rows);
    } catch (const std::exception& error) {
      throw std::runtime_error(fmt::format("store: {} cannot be copied: {}", table.name, error.what()));
    }
    rows.clear();
  }

  Fingerprint compare(const Table& table) {
    MoveProgress progress{MoveProgress::Step::comparing, table.name, 0, count(x_to, table)};
    Fingerprint arrived;
    sql::execute(x_to, "declare arrived no scroll cursor for select " + sql::joined(table.columns) + " from " + table.name);
    for (;;) {
      const auto rows = sql::query(x_to, "fetch forward 1000 from arrived", {}, table.shape);
      if (rows.empty()) break;
      for (const auto& row : rows) arrived.add(row);
      progress.rows = arrived.rows();
      if (progress.rows % kTellEvery == 0) x_progress(progress);
    }
    sql::execute(x_to, "close arrived");
    x_progress(progress);
    return arrived;
  }

  Session& x_from;
  Session& x_to;
  const Progress& x_progress;
};

}  // namespace

std::vector<MovedTable> move_store(const std::string& from, const std::string& to, const Progress& on_progress) {
  const auto source = source_place(from);
  const auto target = target_place(to);
  const auto reading = open_source(source);
  const Hold source_hold(*reading, source);
  refuse_strangers(target);
  const auto writing = open_session(to);
  const Hold target_hold(*writing, target);
  *reading << "begin";
  const auto tables = tables_of(*reading);
  // One transaction: nothing of it is there before all of it is.
  Transaction transaction(*writing, system_actor(), {});
  *writing << "set local statement_timeout = 0";
  refuse_rows(*writing, target, tables);
  std::vector<MovedTable> moved;
  Mover mover(*reading, *writing, on_progress);
  for (const auto& table : tables) moved.push_back(mover.copy(table));
  transaction.commit();
  *reading << "rollback";
  return moved;
}

}  // namespace loa::store
