#include "controller/store_guard.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <soci/sqlite3/soci-sqlite3.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include "controller/store/copy_store.hpp"
#include "controller/store/open_offline.hpp"
#include "controller/store/open_to_read.hpp"
#include "controller/store/recovery_hold.hpp"
#include "tests/controller/store/fixture.hpp"
#include "tests/support/loop.hpp"

using namespace loa;
using namespace loa::controller;
namespace fs = std::filesystem;

namespace {

/// A controller's state folder, served once and closed in order.
struct Served {
  tests::TempFolder folder;
  tests::FakeClock clock;
  Settings settings;
  fs::path file = folder / "loa.db";

  Served() {
    settings.state = folder.path();
    serve([](store::Store& store) {
      store.write_sync(store::system_actor(), [](store::Transaction& t) {
        for (int i = 0; i < 400; ++i) store::add_area(t, store::Province::area("area-" + std::to_string(i), "", ""));
      });
    });
  }
  /// One run of a controller; whether it was on hold.
  bool serve(const std::function<void(store::Store&)>& work = {}, bool in_order = true) {
    ServedStore served(settings);
    bool held = false;
    {
      boost::asio::io_context loop;
      store::Store store(loop.get_executor(), settings.database_url(), clock);
      served.begin_run(store);
      if (work) work(store);
      held = store.run_sync([](store::Session& s) { return store::find_recovery_hold(s); }).has_value();
    }
    if (in_order) served.end_run();
    return held;
  }
  /// The files as a power cut leaves them, copied while the store is open after an area `last` was added; without the write-ahead log where `gone`.
  void cut_power(bool gone = false) {
    tests::TempFolder cut;
    const auto files = {"loa.db", "loa.db-wal", "served-store"};
    serve(
        [&](store::Store& store) {
          store.write_sync(store::system_actor(), [](store::Transaction& t) { store::add_area(t, store::Province::area("last", "", "")); });
          for (const auto* name : files) fs::copy_file(folder / name, cut / name);
        },
        false);
    for (const auto* name : files) {
      fs::remove(folder / name);
      if (!gone || std::string(name) != "loa.db-wal") fs::copy_file(cut / name, folder / name);
    }
    fs::remove(folder / "loa.db-shm");
  }
  /// One more run: on hold just where the log is gone, and then alone without the area `last`.
  void check_after_cut(bool gone) {
    bool last = false;
    const bool held = serve([&](store::Store& store) { last = store.run_sync([](store::Session& s) { return store::find_area(s, "last"); }).has_value(); });
    CHECK(held == gone);
    if (!gone) CHECK(last);
  }
  std::string bytes() const {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& content) const { std::ofstream(file, std::ios::binary | std::ios::trunc) << content; }
  std::string complaint() {
    try {
      ServedStore served(settings);
      return {};
    } catch (const StoreDamaged& error) {
      return error.what();
    }
  }
};

}  // namespace

TEST_CASE("a database that cannot be served stops the start, is told, and is left as it was") {
  struct Row {
    const char* name;
    std::function<void(Served&)> spoil;
    const char* says;
  };
  const std::vector<Row> rows{
      {"missing", [](Served& s) { fs::remove(s.file); }, "is missing, although this controller has served it before"},
      {"empty", [](Served& s) { s.write(""); }, "is empty, although this controller has served it before"},
      {"cut off", [](Served& s) { s.write(s.bytes().substr(0, s.bytes().size() / 2)); }, "loa.db"},
      {"cut off in a page", [](Served& s) { s.write(s.bytes().substr(0, s.bytes().size() - 1000)); }, "loa.db"},
      {"no database", [](Served& s) { s.write(std::string(100'000, 'x')); }, "not a database"},
      {"pages overwritten",
       [](Served& s) {
         auto all = s.bytes();
         for (auto at = std::size_t{8192}; at + 4096 <= all.size(); at += 4096) std::memset(all.data() + at, 0x5a, 3000);
         s.write(all);
       },
       "malformed"},
      {"another program's",
       [](Served& s) {
         fs::remove(s.file);
         soci::session other(soci::sqlite3, "dbname=" + s.file.string());
         other << "create table cats (name text)";
       },
       "it holds no store of Loa"},
      {"rows that refer to nothing",
       [](Served& s) {
         soci::session open(soci::sqlite3, "dbname=" + s.file.string());
         open << "insert into grants (user_id, role, area) values ('nobody', 'admin', 'nowhere')";
       },
       "refer to what is not there"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Served served;
    row.spoil(served);
    const auto before = fs::exists(served.file) ? served.bytes() : std::string("missing");
    const auto says = served.complaint();
    CHECK_THAT(says, Catch::Contains(row.says));
    CHECK_THAT(says, Catch::Contains("restore the newest backup"));
    CHECK((fs::exists(served.file) ? served.bytes() : std::string("missing")) == before);
  }
}

TEST_CASE("a new controller and one that was served in order start without a word") {
  Served served;
  CHECK(served.complaint() == "");
  CHECK_FALSE(served.serve());
  tests::TempFolder fresh;
  Settings settings;
  settings.state = fresh.path();
  CHECK_NOTHROW(ServedStore(settings));
}

TEST_CASE("a database that is older than the one served last puts the controller on hold") {
  Served served;
  const auto old = served.bytes();
  CHECK_FALSE(served.serve());
  served.write(old);
  CHECK(served.serve());
  CHECK(served.serve());  // until somebody ends it
}

TEST_CASE("a write-ahead log that is gone after a power cut puts the controller on hold, one that is there does not") {
  for (const bool gone : {true, false}) {
    INFO((gone ? "gone" : "there"));
    Served served;
    served.cut_power(gone);
    served.check_after_cut(gone);
  }
}

TEST_CASE("a start that fails after a power cut does not make the next one believe that the log is gone") {
  Served served;
  served.cut_power();
  CHECK(served.complaint() == "");  // looks, and goes no further
  CHECK_FALSE(fs::exists(served.folder / "loa.db-wal"));
  CHECK_FALSE(served.serve());
}

TEST_CASE("a program that opens the database after a power cut neither makes the next start believe that the log is gone, nor hides it") {
  struct Row {
    const char* name;
    std::function<void(const Served&)> open;
  };
  const std::vector<Row> rows{
      {"a command that writes",
       [](const Served& served) {
         const auto session = store::open_offline(served.settings.database_url());
         store::Transaction transaction(*session, store::system_actor(), served.clock.now());
         store::add_area(transaction, store::Province::area("offline", "", ""));
         transaction.commit();
       }},
      {"one that reads", [](const Served& served) { CHECK(store::find_area(*store::open_to_read(served.settings.database_url()), "area-1")); }},
      {"a backup", [](const Served& served) { store::copy_store(served.settings.database_url(), served.folder / "copy.db"); }},
  };
  for (const auto& row : rows)
    for (const bool gone : {false, true}) {
      INFO(row.name << (gone ? ", gone" : ", there"));
      Served served;
      served.cut_power(gone);
      row.open(served);
      if (!gone) CHECK(fs::file_size(served.folder / "loa.db-wal") == 0);
      served.check_after_cut(gone);
    }
}

TEST_CASE("damage that comes while the controller runs is found by the daily look") {
  Served served;
  boost::asio::io_context loop;
  StoreWatch watch(loop.get_executor(), served.settings);
  bool looked = false;
  watch.look([&] { looked = true; });
  REQUIRE(tests::run_until(loop, [&] { return looked; }));
  CHECK(watch.trouble() == "");
  auto all = served.bytes();
  for (auto at = std::size_t{8192}; at + 4096 <= all.size(); at += 4096) std::memset(all.data() + at, 0x5a, 3000);
  served.write(all);
  looked = false;
  loop.restart();
  watch.look([&] { looked = true; });
  REQUIRE(tests::run_until(loop, [&] { return looked; }));
  CHECK_THAT(watch.trouble(), Catch::Contains("loa.db"));
}
