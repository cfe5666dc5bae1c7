#include "node-firmware/kept_database.hpp"

#include <array>

#include "node-firmware/history_store.hpp"
#include "node-firmware/play_log.hpp"

namespace loa::node {

namespace {

constexpr const char* kName = "node.db";
constexpr std::array kBeside{"-wal", "-shm", "-journal"};

bool is_damage(int code) { return code != SQLITE_BUSY && code != SQLITE_LOCKED && code != SQLITE_FULL && code != SQLITE_NOMEM; }

std::unique_ptr<Database> open_whole(const std::filesystem::path& file) {
  auto database = std::make_unique<Database>(file);
  {
    Statement check(*database, "pragma quick_check(1)");
    if (!check.step() || check.text(0) != "ok") throw DatabaseError("node.db: " + check.text(0), SQLITE_CORRUPT);
  }
  Transaction(*database).commit();  // it can be written
  HistoryStore{*database};
  PlayLog(*database).check();
  return database;
}

}  // namespace

std::unique_ptr<Database> open_kept_database(KeptFiles& files) {
  // SQLite takes what is no file beside the database for a database that it may not write.
  for (const char* beside : kBeside) {
    const auto name = kName + std::string(beside);
    std::error_code error;
    const auto kind = std::filesystem::symlink_status(files.path(name), error).type();
    if (kind != std::filesystem::file_type::regular && kind != std::filesystem::file_type::not_found) files.lose(name, "not a file; made anew");
  }
  std::string why;
  try {
    return open_whole(files.path(kName));
  } catch (const DatabaseError& error) {
    if (!is_damage(error.code)) throw;
    why = error.what();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    why = error.what();
  }
  files.lose(kName, why + "; another play log begins");
  for (const char* beside : kBeside) set_aside(files.path(kName + std::string(beside)));
  return open_whole(files.path(kName));
}

}  // namespace loa::node
