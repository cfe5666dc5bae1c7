#pragma once
#include <sqlite3.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "node-firmware/disk_health.hpp"

namespace loa::node {

class Database;

/// SQLite refused; what() names the statement and SQLite's own message.
class DatabaseError : public DiskFault {
 public:
  explicit DatabaseError(const std::string& what, int result = 0, int error_number = EIO, const Database* where = nullptr)
      : DiskFault(what, error_number), code(result), database(where) {}
  int code;  ///< SQLite's primary result code; 0: what a row says is wrong
  const Database* database;  ///< that refused; null where it is not known or not open
  /// Whether what the file holds is no database any more, or not ours: no later try will do better.
  bool is_damage() const { return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == 0; }
};

/// One prepared statement; bind from 1, columns from 0, as SQLite counts. Loop thread.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  Statement& bind(int place, std::int64_t value);
  Statement& bind(int place, std::string_view value);
  Statement& bind(int place, const std::optional<std::int64_t>& value);
  /// True while there is a row. Throws DatabaseError.
  bool step();
  /// Runs a statement that gives no row and makes it ready for the next run.
  void run();
  std::int64_t integer(int column) const;
  std::optional<std::int64_t> maybe_integer(int column) const;
  std::string text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// The node's database file `node.db`: WAL, synchronous FULL, so that a committed row survives a power cut. One process at a time: another
/// one's opening throws DatabaseError of SQLITE_BUSY.
/// Opening brings the schema up by numbered, immutable steps. Throws DatabaseError. Loop thread.
class Database {
 public:
  explicit Database(const std::filesystem::path& file);
  /// For a disk that takes no writes, on which SQLite cannot even read a WAL: a copy of `file` under `place`, or nothing in it where
  /// there is none or `empty`. It is read only; each Transaction first tries whether `file` itself can be opened now, and goes on there.
  /// Throws DatabaseError and std::system_error.
  static std::unique_ptr<Database> lend(const std::filesystem::path& file, const std::filesystem::path& place, bool empty);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  /// Its file, where it is at home.
  const std::filesystem::path& file() const { return lent() ? home_ : file_; }
  bool lent() const { return !home_.empty(); }
  /// Whether it was made, by this opening or an earlier one, and nobody has settled since what a lost one before it may have held
  /// (table `unsettled` is then not empty).
  bool is_new() const { return new_; }
  /// Opens the real file where this one is lent; throws DatabaseError where it still cannot be.
  void go_home();
  /// Puts an empty database in the place of this one, whose file `set_aside` moves away: from here on nothing is in it. Where the disk does not
  /// take a new file, it is a lent one in memory. Not while a Statement or Transaction lives, nor of a lent one.
  void begin_anew(const std::function<void()>& set_aside);
  void execute(const char* sql);
  sqlite3* handle() { return handle_.get(); }
  [[noreturn]] void fail(std::string_view what) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  void open(const std::filesystem::path& file);
  void migrate();
  std::unique_ptr<sqlite3, Close> handle_;
  bool new_ = false;
  std::filesystem::path file_;
  std::filesystem::path home_;  // of a lent one
  std::filesystem::path copy_;  // its folder
};

/// Everything between construction and commit() happens wholly or not at all. Not nested. Throws DatabaseError.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace loa::node
