#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "controller/recovery/restore.hpp"
#include "controller/store/copy_store.hpp"
#include "controller/store/tables.hpp"
#include "tests/controller/recovery/state_folder.hpp"

using namespace loa;
using namespace loa::recovery;
using namespace loa::tests;

namespace {

std::int64_t rows_of(store::Session& session, const std::string& table) {
  return store::sql::value<std::int64_t>(session, "select count(*) from " + table).value_or(-1);
}

}  // namespace

TEST_CASE("a controller on PostgreSQL is backed up into the same form, at one moment, while it writes") {
  PostgresServer server;
  StateFolder source(server.make_database("loa"));
  std::atomic<bool> stop = false;
  std::thread officer([&] {
    const auto session = store::open_session(source.url);
    for (int i = 0; !stop; ++i) source.add_clip(*session, "clip number " + std::to_string(i));
  });
  for (int i = 0; i < 3; ++i) {
    const auto name = std::to_string(i);
    const auto made = backup_to_folder(source.request(), source.folder / ("backup" + name));
    CHECK(made.manifest.database == "postgresql");
    CHECK(made.manifest.missing.empty());
    restore((source.folder / ("backup" + name)).string(), source.folder / name, scheduler::from_ms(StateFolder::kNow));
    const auto session = store::open_session((source.folder / (name + "/loa.db")).string());
    CHECK(rows_of(*session, "areas") == 1);
    CHECK(rows_of(*session, "clips") >= 2);
    CHECK(rows_of(*session, "audit") >= 1);
    CHECK(rows_of(*session, "recovery_holds") == 1);
  }
  stop = true;
  officer.join();
}

TEST_CASE("a copy of a store on PostgreSQL that cannot be had is told why, and leaves no file") {
  PostgresServer server;
  const TempFolder folder;
  CHECK_THROWS_WITH(store::copy_store(server.url("nobody"), folder / "loa.db"), Catch::Contains("nobody"));
  CHECK_THROWS_WITH(store::copy_store(server.make_database("empty"), folder / "loa.db"), Catch::Contains("schema_version"));
  CHECK(std::filesystem::is_empty(folder.path()));
}
