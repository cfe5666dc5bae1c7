#include "node-firmware/kept_database.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <cstdlib>

#include "node-firmware/history_store.hpp"
#include "node-firmware/play_log.hpp"

namespace loa::node {

namespace {

constexpr std::array kBeside{"-wal", "-shm", "-journal"};

bool is_held(int code) { return code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_NOMEM; }

// As much as SQLite needs beside the database to read it at all.
constexpr std::size_t kTrialBytes = 64 * 1024;

bool takes_writes(const KeptFiles& files, DiskHealth& disk, const std::string& name) {
  const auto trial = files.path("trial");
  const bool taken = disk.attempt(name, [&] { write_durably(trial, std::string(kTrialBytes, 'x')); });
  std::error_code ignored;
  std::filesystem::remove(trial, ignored);
  return taken;
}

void read_all(Database& database) {
  {
    Statement check(database, "pragma quick_check(1)");
    if (!check.step() || check.text(0) != "ok") throw DatabaseError("node.db: " + check.text(0), SQLITE_CORRUPT);
  }
  [[maybe_unused]] const HistoryStore history(database);  // reads all of it
  PlayLog(database).check();
}

std::unique_ptr<Database> open_whole(const std::filesystem::path& file) {
  auto database = std::make_unique<Database>(file);
  Transaction(*database).commit();  // it can be written
  read_all(*database);
  return database;
}

std::unique_ptr<Database> lend(const std::filesystem::path& file, bool empty) {
  const char* runtime = std::getenv("RUNTIME_DIRECTORY");
  std::vector<std::filesystem::path> places;
  if (runtime && runtime[0] == '/') places.emplace_back(runtime);
  places.emplace_back("/dev/shm");
  std::error_code error;
  places.push_back(std::filesystem::temp_directory_path(error));
  std::string why;
  for (const auto& place : places) try {
      auto database = Database::lend(file, place, empty);
      read_all(*database);
      return database;
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& fault) {
      why = fault.what();
    }
  if (!empty) return lend(file, true);
  throw DatabaseError("node.db: the disk takes no writes, and no other place does: " + why);
}

}  // namespace

void lose_database(KeptFiles& files, const std::string& name, const std::string& why) {
  files.lose(name, why);
  for (const char* beside : kBeside) set_aside(files.path(name + beside));
}

std::unique_ptr<Database> open_kept_database(KeptFiles& files, DiskHealth& disk, const std::string& name) {
  // SQLite takes what is no file beside the database for a database that it may not write.
  for (const char* beside : kBeside) {
    const auto other = name + beside;
    std::error_code error;
    const auto kind = std::filesystem::symlink_status(files.path(other), error).type();
    if (kind != std::filesystem::file_type::regular && kind != std::filesystem::file_type::not_found) files.lose(other, "not a file; made anew");
  }
  std::string why;
  try {
    return open_whole(files.path(name));
  } catch (const DatabaseError& error) {
    if (is_held(error.code)) throw;
    why = error.what();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    why = error.what();
  }
  // A disk that refuses is no damage, and what it holds must not be put aside for it.
  const auto borrow = [&] {
    spdlog::error("node.db: {}: the disk takes no writes now, going on with a copy", why);
    return lend(files.path(name), false);
  };
  if (!takes_writes(files, disk, name)) return borrow();
  try {
    return open_whole(files.path(name));  // the ballast made room
  } catch (const DiskFault& error) {
    why = error.what();
    if (error.error == ENOSPC) return borrow();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    why = error.what();
  }
  lose_database(files, name, why + "; another play log begins");
  return open_whole(files.path(name));
}

}  // namespace loa::node
