#include "node-firmware/database.hpp"

#include <stdlib.h>

#include <array>
#include <system_error>

namespace loa::node {

namespace {

constexpr int kBusyMs = 5000;

// SQLite's name for a file that one process has to itself: the index of the WAL is then in its memory and not in a mapped file, whose pages a
// full disk refuses by SIGBUS.
constexpr const char* kOneProcess = "unix-excl";

int error_number_of(sqlite3* handle) {
  if (!handle) return ENOMEM;
  const int code = sqlite3_errcode(handle) & 0xff;
  if (code == SQLITE_FULL) return ENOSPC;
  const int system = sqlite3_system_errno(handle);
  if (code == SQLITE_READONLY) return system == ENOSPC ? ENOSPC : EROFS;
  return (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && system != 0 ? system : EIO;
}

// Step n brings a file of user_version n to n + 1. Never change one that was shipped; add the next.
constexpr std::array kMigrations = {
    R"(
create table log (
  id text not null,
  sent integer not null default 0,
  acked integer not null default 0,
  last_ack_issued integer
);
create table records (
  number integer primary key,
  occurrence_id text not null unique,
  body text not null,
  hash text not null,
  recorded integer not null
);
create table occurrences (
  id text primary key,
  known text not null,
  draft text not null,
  changed integer not null
);
create table done_ids (
  id text primary key,
  expires integer not null
);
)",
    R"(
create table unsettled (since integer not null);
)",
};

}  // namespace

Database::Database(const std::filesystem::path& file) : file_(file) { open(file); }

void Database::open(const std::filesystem::path& file) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, kOneProcess);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail("open " + file.string());
  // SQLite is content with reading alone, and would still be when the disk takes writes again.
  if (sqlite3_db_readonly(handle, "main") == 1) throw DatabaseError("open " + file.string() + ": cannot be written", SQLITE_READONLY, EROFS);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMs);
  execute("pragma journal_mode=wal");
  execute("pragma synchronous=full");
  // The log beside the database: written back every megabyte, and cut to that, so that a burst leaves no large file behind.
  execute("pragma wal_autocheckpoint=256");
  execute("pragma journal_size_limit=1048576");
  execute("pragma cache_size=-256");  // KiB; more would only fill, over weeks, with records that nobody asks for
  migrate();
}

Database::~Database() {
  handle_.reset();
  std::error_code ignored;
  if (!copy_.empty()) std::filesystem::remove_all(copy_, ignored);
}

std::unique_ptr<Database> Database::lend(const std::filesystem::path& file, const std::filesystem::path& place, bool empty) {
  auto name = (place / "loa-node-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::system_error(errno, std::generic_category(), name + ": cannot create");
  const std::filesystem::path folder = name;
  std::unique_ptr<Database> copy;
  try {
    std::error_code absent;
    for (const char* beside : {"", "-wal"})
      if (!empty && std::filesystem::is_regular_file(file.string() + beside, absent))
        std::filesystem::copy_file(file.string() + beside, folder / (std::string("node.db") + beside));
    copy = std::make_unique<Database>(folder / "node.db");
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    throw;
  }
  copy->home_ = file;
  copy->copy_ = folder;
  return copy;
}

void Database::go_home() {
  if (!lent()) return;
  Database home(home_);
  {
    Statement check(home, "pragma quick_check(1)");
    if (!check.step() || check.text(0) != "ok") throw DatabaseError("node.db: " + check.text(0), SQLITE_CORRUPT);
  }
  home.execute("begin immediate");
  home.execute("commit");
  handle_ = std::move(home.handle_);
  file_ = home_;
  std::error_code ignored;
  std::filesystem::remove_all(copy_, ignored);
  home_.clear();
  copy_.clear();
}

void Database::begin_anew(const std::function<void()>& set_aside) {
  handle_.reset();
  set_aside();
  try {
    open(file_);
  } catch (const DatabaseError&) {
    open(":memory:");
    home_ = file_;
  }
}

void Database::migrate() {
  std::int64_t version = 0;
  {
    Statement ask(*this, "pragma user_version");
    if (ask.step()) version = ask.integer(0);
  }
  if (version > static_cast<std::int64_t>(kMigrations.size()))
    throw DatabaseError("node.db was written by a newer loa-node (schema " + std::to_string(version) + ")");
  const bool fresh = version == 0;
  for (auto step = static_cast<std::size_t>(version); step < kMigrations.size(); ++step) {
    Transaction transaction(*this);
    execute(kMigrations[step]);
    execute(("pragma user_version=" + std::to_string(step + 1)).c_str());
    if (fresh && step + 1 == kMigrations.size()) execute("insert into unsettled (since) values (unixepoch())");
    transaction.commit();
  }
  Statement unsettled(*this, "select 1 from unsettled limit 1");
  new_ = unsettled.step();
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
}

void Database::fail(std::string_view what) const {
  const char* why = handle_ ? sqlite3_errmsg(handle_.get()) : "out of memory";
  throw DatabaseError(std::string(what) + ": " + why, handle_ ? sqlite3_errcode(handle_.get()) & 0xff : SQLITE_NOMEM,
                      error_number_of(handle_.get()), this);
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr) != SQLITE_OK)
    database.fail(sql);
  statement_.reset(statement);
}

Statement& Statement::bind(int place, std::int64_t value) {
  if (sqlite3_bind_int64(statement_.get(), place, value) != SQLITE_OK) database_.fail("bind");
  return *this;
}

Statement& Statement::bind(int place, std::string_view value) {
  if (sqlite3_bind_text(statement_.get(), place, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT) != SQLITE_OK)
    database_.fail("bind");
  return *this;
}

Statement& Statement::bind(int place, const std::optional<std::int64_t>& value) {
  if (value) return bind(place, *value);
  if (sqlite3_bind_null(statement_.get(), place) != SQLITE_OK) database_.fail("bind");
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  database_.fail(sqlite3_sql(statement_.get()));
}

void Statement::run() {
  step();
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  const auto size = sqlite3_column_bytes(statement_.get(), column);
  return bytes ? std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)) : std::string();
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.go_home();
  database_.execute("begin immediate");
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(database_.handle(), "rollback", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("commit");
  open_ = false;
}

}  // namespace loa::node
