#include "controller/store/copy_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "controller/store/database_url.hpp"
#include "controller/store/migrations.hpp"
#include "controller/store/open_offline.hpp"
#include "controller/store/postgresql.hpp"
#include "controller/store/tables.hpp"

namespace loa::store {
namespace {

using std::filesystem::path;

std::unique_ptr<Session> open_sqlite(const path& file) {
  // Without the settings of a serving session: this one writes nothing there.
  return std::make_unique<Session>(soci::sqlite3, "dbname=\"" + file.string() + "\" timeout=10");
}

void sync(const path& file) {
  const int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = opened >= 0 && ::fsync(opened) == 0;
  const int error = errno;
  if (opened >= 0) ::close(opened);
  if (!done) throw std::system_error(error, std::generic_category(), file.string());
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

void remove_with_companions(const path& file) {
  std::error_code ignored;
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(file.string() + ending, ignored);
}

void copy_sqlite(const DatabaseUrl& from, const path& to) {
  if (!std::filesystem::is_regular_file(from.target)) throw std::runtime_error(fmt::format("there is no {}", from.target));
  if (std::filesystem::file_size(from.target) == 0) throw std::runtime_error("the file is empty");
  const bool keeps_log = has_log(from.target);
  const auto session = open_sqlite(from.target);
  leave_log(*session, keeps_log);
  *session << "vacuum into " + quoted(to.string());
}

// Copies one table out of the snapshot into the new file and compares what arrived.
void copy_table(Session& from, Session& to, const Table& table) {
  constexpr std::size_t kRowsAtOnce = 200;
  Fingerprint sent;
  sql::execute(from, "declare sent no scroll cursor for " + table.select());
  for (;;) {
    const auto rows = sql::query(from, fmt::format("fetch forward {} from sent", kRowsAtOnce), {}, table.shape);
    if (rows.empty()) break;
    for (const auto& row : rows) sent.add(row);
    sql::insert_rows(to, table.name, table.columns, rows);
  }
  sql::execute(from, "close sent");
  Fingerprint arrived;
  auto row = table.shape;
  soci::statement statement(to);
  sql::bind_row(statement, row);
  statement.alloc();
  statement.prepare("select " + sql::joined(table.columns) + " from " + table.name);
  statement.define_and_bind();
  statement.execute();
  while (statement.fetch()) arrived.add(row);
  if (!(sent == arrived)) throw std::runtime_error(fmt::format("what arrived of {} is not what was sent", table.name));
}

void copy_postgresql(const DatabaseUrl& from, const path& to) {
  const auto reading = postgresql::connect(from);
  *reading << "set statement_timeout = 0";
  *reading << "begin isolation level repeatable read read only";
  if (schema_version(*reading) != newest_schema())
    throw std::runtime_error("its schema is of another version: let this version's controller serve it once");
  const auto writing = open_session(to.string());
  const auto tables = tables_of(*writing);
  *writing << "pragma journal_mode = delete";
  *writing << "begin immediate";
  for (const auto& table : tables) copy_table(*reading, *writing, table);
  *writing << "commit";
  *reading << "rollback";
  std::filesystem::remove(to.string() + ".lock");  // of making the tables
}

std::string damage_in(const path& file) {
  const auto session = open_sqlite(file);
  *session << "pragma query_only = on";
  if (!sql::exists(*session, "select 1 from sqlite_master where name = 'schema_version'", {})) return "it holds no store of Loa";
  const auto whole = sql::value<std::string>(*session, "pragma quick_check(1)").value_or("no answer");
  if (whole != "ok") return "it is damaged: " + whole;
  const auto loose = sql::values<std::string>(*session, "select distinct \"table\" from pragma_foreign_key_check");
  if (!loose.empty()) return fmt::format("it is damaged: rows of `{}` refer to what is not there", loose.front());
  return {};
}

}  // namespace

int newest_schema() { return static_cast<int>(migrations().size()); }

std::string find_damage(const path& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  std::string wrong;
  if (error) {
    wrong = "it cannot be read: " + error.message();
  } else if (bytes == 0) {
    wrong = "it is empty";
  } else {
    try {
      wrong = damage_in(file);
    } catch (const std::exception& failure) {
      wrong = failure.what();
      while (wrong.ends_with('.')) wrong.pop_back();
    }
  }
  return wrong.empty() ? wrong : fmt::format("{}: {}", file.string(), wrong);
}

void copy_store(const std::string& url, const path& to) {
  const auto from = parse_database_url(url);
  if (std::filesystem::exists(to)) throw std::runtime_error(fmt::format("store: {} is there already", to.string()));
  try {
    from.kind == DatabaseUrl::Kind::sqlite ? copy_sqlite(from, to) : copy_postgresql(from, to);
    if (const auto damage = find_damage(to); !damage.empty()) throw std::runtime_error("the copy is not sound: " + damage);
    sync(to);
  } catch (const std::exception& error) {
    remove_with_companions(to);
    throw std::runtime_error(fmt::format("store: cannot copy {}: {}", from.shown, error.what()));
  }
}

}  // namespace loa::store
