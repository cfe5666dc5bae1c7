#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "controller/store/migrations.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/plans.hpp"
#include "controller/store/sql.hpp"
#include "controller/store/store.hpp"
#include "tests/controller/store/cutting_relay.hpp"
#include "tests/controller/store/fixture.hpp"
#include "tests/support/postgres.hpp"

using namespace loa::store;
using namespace std::chrono_literals;
using loa::tests::PostgresServer;

namespace {

const ReconnectSettings kQuick{Millis{400}, Millis{50}};
const ReconnectSettings kPatient{Millis{20'000}, Millis{50}};

/// A store on a server of its own.
struct Office {
  PostgresServer server;
  std::string url = server.make_database("loa");
  loa::tests::FakeClock clock;
  boost::asio::io_context loop;
  std::unique_ptr<Store> store;

  explicit Office(ReconnectSettings reconnect) { open(reconnect); }
  void open(ReconnectSettings reconnect) {
    store = std::make_unique<Store>(loop.get_executor(), url, clock, 64, reconnect);
  }
  void end_connections() {
    server.run("select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = 'loa-controller'");
    server.run("select pg_sleep(0.3)");  // a backend leaves that list a moment before its socket is shut
  }
  bool add(const std::string& id) {
    return store->write_sync(system_actor(), [&](Transaction& t) { return add_area(t, Province::area(id, "", "")); });
  }
  bool has(const std::string& id) {
    return store->run_sync([&](Session& session) { return find_area(session, id).has_value(); });
  }
  /// Whether the store gets to say this about itself within ten seconds, without being asked to do anything.
  bool comes_to_say(const std::string& words) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < until) {
      const auto trouble = store->trouble();
      if (words.empty() ? trouble.empty() : trouble.find(words) != std::string::npos) return true;
      std::this_thread::yield();
    }
    return false;
  }
};

std::vector<std::string> lines(Session& session, const std::string& text) {
  std::vector<std::string> found;
  for (const auto& row : sql::query(session, text, {}, sql::params("", "", "", "")))
    found.push_back(row[0].text + " " + row[1].text + " " + row[2].text + " " + row[3].text);
  return found;
}

}  // namespace

TEST_CASE("both databases get the same tables, columns, types and keys") {
  PostgresServer server;
  const loa::tests::TempFolder folder;
  const auto sqlite = open_session((folder / "loa.db").string());
  const auto postgresql = open_session(server.make_database("loa"));
  CHECK(schema_version(*postgresql) == static_cast<int>(migrations().size()));
  const auto there = lines(*postgresql,
                           "select cast(c.table_name as text), cast(c.column_name as text), cast(c.data_type as text),"
                           " case when c.is_nullable = 'YES' then '' else 'not null' end from information_schema.columns c"
                           " where c.table_schema = 'public' order by 1, 2");
  const auto here = lines(*sqlite,
                          "select m.name, c.name, lower(c.type), case when c.\"notnull\" = 1 or c.pk > 0 then 'not null' else '' end"
                          " from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table' order by 1, 2");
  CHECK(there.size() > 200);
  CHECK(there == here);
}

TEST_CASE("a connection that the server ended is made anew, and the work that met it is told") {
  Office office(kPatient);
  REQUIRE(office.add("one"));
  SECTION("while nothing was under way: nobody notices") {
    office.end_connections();
    CHECK(office.add("two"));
  }
  SECTION("within a transaction: it is lost whole, and the next one works") {
    CHECK_THROWS_AS(office.store->write_sync(system_actor(),
                                             [&](Transaction& t) {
                                               add_area(t, Province::area("two", "", ""));
                                               office.end_connections();
                                               add_area(t, Province::area("three", "", ""));
                                             }),
                    StoreLost);
    CHECK_FALSE(office.has("two"));
    CHECK(office.add("two"));
  }
  SECTION("before the commit: it is not called done") {
    CHECK_THROWS_AS(office.store->write_sync(system_actor(),
                                             [&](Transaction& t) {
                                               add_area(t, Province::area("two", "", ""));
                                               office.end_connections();
                                             }),
                    StoreLost);
    CHECK_FALSE(office.has("two"));
  }
  CHECK(office.has("one"));
  CHECK(office.store->trouble().empty());
}

TEST_CASE("without a server the store says so, fails work within its patience, and goes on when the server is back") {
  Office office(kQuick);
  REQUIRE(office.add("one"));
  office.server.stop();
  CHECK(office.comes_to_say("the database cannot be reached"));
  const auto begun = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(office.add("two"), StoreLost);
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
  office.server.start();
  CHECK(office.comes_to_say(""));
  CHECK(office.has("one"));
  CHECK_FALSE(office.has("two"));
  CHECK(office.add("two"));
}

TEST_CASE("kill -9 of the server in the midst of writing loses nothing that was acknowledged") {
  Office office(kPatient);
  std::atomic<bool> stop = false;
  std::atomic<int> kept = 0;
  std::vector<std::string> acknowledged;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      const auto id = "area-" + std::to_string(i);
      try {
        if (!office.add(id)) continue;
        acknowledged.push_back(id);
        ++kept;
      } catch (const StoreLost&) {  // not acknowledged: it may be repeated
      }
    }
  });
  const auto wait_for = [&](int count) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (kept < count && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return kept >= count;
  };
  bool goes_on = wait_for(20);
  for (int round = 1; round <= 3 && goes_on; ++round) {
    office.server.kill();
    office.server.start();
    goes_on = wait_for(20 * (round + 1));
  }
  stop = true;
  writer.join();
  CHECK(goes_on);
  for (const auto& id : acknowledged) {
    INFO(id);
    CHECK(office.has(id));
  }
}

TEST_CASE("a commit whose answer was lost is asked for: what the server kept counts as kept, and only that") {
  PostgresServer server;
  server.make_database("loa");
  loa::tests::CuttingRelay relay(server.port());
  loa::tests::FakeClock clock;
  boost::asio::io_context loop;
  Store store(loop.get_executor(), "postgresql://loa@127.0.0.1:" + std::to_string(relay.port()) + "/loa", clock, 64, kPatient);
  const auto add = [&](const char* id) {
    return store.write_sync(system_actor(), [&](Transaction& t) { return add_area(t, Province::area(id, "", "")); });
  };
  const auto has = [&](const char* id) { return store.run_sync([&](Session& s) { return find_area(s, id).has_value(); }); };
  relay.cut(loa::tests::CuttingRelay::Cut::after_commit);
  CHECK(add("kept"));
  CHECK(relay.cuts() == 1);
  CHECK(has("kept"));
  relay.cut(loa::tests::CuttingRelay::Cut::before_commit);
  CHECK_THROWS_AS(add("lost"), StoreLost);
  CHECK(relay.cuts() == 2);
  CHECK_FALSE(has("lost"));
  CHECK(add("lost"));
}

TEST_CASE("a commit that the server refuses is told") {
  Office office(kPatient);
  office.server.run("create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not today'; end $$", "loa");
  office.server.run("create constraint trigger late after insert on areas deferrable initially deferred for each row"
                    " execute function refuse()", "loa");
  CHECK_THROWS_WITH(office.add("one"), Catch::Contains("not today"));
  office.server.run("drop trigger late on areas", "loa");
  CHECK_FALSE(office.has("one"));
  CHECK(office.add("one"));
}

TEST_CASE("a transaction with a failed statement cannot be committed, though PostgreSQL would call that a success") {
  Office office(kPatient);
  CHECK_THROWS_WITH(office.store->write_sync(system_actor(),
                                             [](Transaction& t) {
                                               add_area(t, Province::area("one", "", ""));
                                               try {
                                                 sql::execute(t.session(), "insert into grants (user_id, role, area) values ('x', 'y', 'z')");
                                               } catch (const std::exception&) {
                                               }
                                             }),
                    Catch::Contains("one of its statements failed"));
  CHECK_FALSE(office.has("one"));
}

TEST_CASE("one controller has the database; one that comes while the first was cut off makes that one stop") {
  Office office(kQuick);
  REQUIRE(office.add("one"));
  boost::asio::io_context loop;
  CHECK_THROWS_WITH(Store(loop.get_executor(), office.url, office.clock),
                    Catch::Contains("another controller uses postgresql://loa@") && Catch::Contains("loa-controller (server process "));
  office.server.stop();
  CHECK(office.comes_to_say("cannot be reached"));
  // The other one comes while the first cannot find the server.
  const auto port = office.server.port();
  office.server.use_port(loa::tests::free_port());
  office.server.start();
  Store(loop.get_executor(), office.server.url("loa"), office.clock).write_sync(system_actor(), [](Transaction& t) {
    return add_area(t, Province::area("two", "", ""));
  });
  office.server.stop();
  office.server.use_port(port);
  office.server.start();
  CHECK(office.comes_to_say("another controller has used"));
  CHECK_THROWS_WITH(office.add("three"), Catch::Contains("restart this one"));
  office.store.reset();
  office.open(kQuick);
  CHECK(office.has("two"));
  CHECK(office.add("three"));
}

TEST_CASE("what cannot be opened says which and why, in one line without a password") {
  PostgresServer server({.password = true});
  server.run("alter role loa password 's3cret-words'");
  server.make_database("loa");
  const loa::tests::TempFolder folder;
  const auto file = (folder / "pass").string();
  const auto with = [&](const std::string& password) {
    std::ofstream(file) << "*:*:*:loa:" << password << "\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return "?passfile=" + file;
  };
  const auto fails = [](const std::string& url, const std::string& why) {
    try {
      open_session(url);
      FAIL("it was opened");
    } catch (const std::exception& error) {
      const std::string said = error.what();
      INFO(said);
      CHECK_THAT(said, Catch::StartsWith("store: cannot open postgresql://") && Catch::Contains(why));
      CHECK(said.find('\n') == std::string::npos);
      CHECK(said.find("s3cret") == std::string::npos);
    }
  };
  CHECK_NOTHROW(open_session(server.tcp_url("loa") + with("s3cret-words")));
  fails(server.tcp_url("loa") + with("s3cret-wrong"), "password authentication failed for user \"loa\"");
  fails(server.tcp_url("loa") + "?passfile=" + file + "&user=nobody", "no password supplied (name a password file");
  fails(server.tcp_url("none") + with("s3cret-words"), "database \"none\" does not exist");
  fails("postgresql://loa@127.0.0.1:" + std::to_string(loa::tests::free_port()) + "/loa", "Connection refused");
  fails(server.tcp_url("loa") + with("s3cret-words") + "&sslmode=verify-full", "SSL");
  CHECK(server.log().find("s3cret") == server.log().find("alter role loa password 's3cret"));
}

TEST_CASE("a server that would lose or reorder what it holds is refused") {
  SECTION("fsync off") {
    PostgresServer server({.fsync = false});
    CHECK_THROWS_WITH(open_session(server.make_database("loa")), Catch::Contains("does not wait for its disk"));
  }
  SECTION("a database in a language's order, or not in UTF-8") {
    PostgresServer server;
    server.run("create database latin owner loa encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0");
    CHECK_THROWS_WITH(open_session(server.url("latin")), Catch::Contains("not in UTF-8"));
    server.run("create database by_icu owner loa locale_provider icu icu_locale 'vi' template template0");
    CHECK_THROWS_WITH(open_session(server.url("by_icu")), Catch::Contains("orders texts by"));
  }
  SECTION("commits that do not wait: set right for this session") {
    PostgresServer server;
    const auto url = server.make_database("loa");
    server.run("alter role loa set synchronous_commit = off");
    const auto session = open_session(url);
    CHECK(sql::value<std::string>(*session, "show synchronous_commit") == "on");
  }
}
