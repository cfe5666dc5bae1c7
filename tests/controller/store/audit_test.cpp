#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "controller/store/audit_chain.hpp"
#include "controller/store/migrations.hpp"
#include "controller/store/open_to_read.hpp"
#include "controller/store/sql.hpp"
#include "controller/store/users.hpp"
#include "tests/controller/store/fixture.hpp"

using namespace loa::store;

namespace {

/// A province with some rows of its audit log.
struct Log : Province {
  Log() {
    for (int i = 0; i < 5; ++i) {
      clock.tick(Millis{1000});
      write([&](Transaction& t) {
        t.audit("update", "node", "n-one", "hue-19753", "số " + std::to_string(i));
        t.audit("update", "user", "u-" + std::to_string(i));
      });
    }
  }
  std::int64_t last() { return newest_audit(*session).first; }
  /// Does this to the table behind the program's back.
  void meddle(const std::string& statement) { sql::execute(*session, statement); }
  std::string number(std::int64_t from_last) { return std::to_string(last() - from_last); }
};

}  // namespace

TEST_CASE("each row of the audit log carries the hash of the one before") {
  Log log;
  const auto rows = list_audit_after(*log.session, 0, 1000);
  REQUIRE(rows.size() > 12);
  CHECK(rows.front().previous_hash == std::string(64, '0'));
  for (std::size_t i = 1; i < rows.size(); ++i) CHECK(rows[i].previous_hash == rows[i - 1].hash);
  const auto check = verify_audit(*log.session);
  CHECK_FALSE(check.fault);
  CHECK(check.rows == static_cast<std::int64_t>(rows.size()));
  CHECK(check.last == rows.back().number);
  CHECK(check.hash == rows.back().hash);
}

TEST_CASE("the hash is of the text that is written down") {
  AuditRow row;
  row.previous_hash = first_previous_hash();
  row.number = 1;
  row.at = loa::scheduler::from_ms(1'795'568'400'000);
  row.user = "u-lan";
  row.address = "10.0.0.1";
  row.action = "add";
  row.subject = "area";
  row.id = "hue";
  row.detail = "Huế";
  // printf 'loa-audit-1…' | sha256sum
  CHECK(audit_hash(row) == "f765eba45b876815e5917ca137b175c64277cfa6d472e0c111d741c6395f14e7");
  row.detail = "Hue";
  CHECK(audit_hash(row) != "f765eba45b876815e5917ca137b175c64277cfa6d472e0c111d741c6395f14e7");
  AuditRow shifted = row;
  shifted.subject = "are";
  shifted.id = "ahue";
  CHECK(audit_hash(shifted) != audit_hash(row));
}

TEST_CASE("a log that was meddled with is broken at the first row that was") {
  Log log;
  struct Row {
    const char* name;
    std::vector<std::string> statements;
    std::int64_t number;
    const char* what;
  };
  const auto at = [&](std::int64_t back) { return log.number(back); };
  const auto row = GENERATE(range(0, 8));
  const Row rows[] = {
      {"another person's name", {"update audit set user_id = 'u-other' where number = " + at(6)}, 6, "does not say what it said"},
      {"another time", {"update audit set at = at + 1 where number = " + at(6)}, 6, "does not say what it said"},
      {"a word moved to the next column", {"update audit set subject = 'nod', id = 'e' || id where number = " + at(7)}, 7, "does not say what it said"},
      {"two changes", {"update audit set detail = '' where number = " + at(3), "update audit set area = '' where number = " + at(7)}, 7, "does not say what it said"},
      {"a row taken out", {"delete from audit where number = " + at(4)}, 4, "it is missing"},
      {"a row taken out and the gap closed", {"delete from audit where number = " + at(4), "update audit set number = number - 1 where number = " + at(3),
                                              "update audit set number = number - 1 where number = " + at(2), "update audit set number = number - 1 where number = " + at(1),
                                              "update audit set number = number - 1 where number = " + at(0)}, 4, "it does not"},
      {"a row put in", {"update audit set previous_hash = '" + std::string(64, 'a') + "' where number = " + at(2)}, 2, "does not"},
      {"the beginning taken out", {"delete from audit where number <= 3"}, -1, "it and others up to 3 are missing"},
  };
  const auto& chosen = rows[row];
  INFO(chosen.name);
  const auto last = log.last();
  for (const auto& statement : chosen.statements) log.meddle(statement);
  const auto check = verify_audit(*log.session);
  REQUIRE(check.fault);
  CHECK(check.fault->number == (chosen.number < 0 ? 1 : last - chosen.number));
  CHECK_THAT(check.fault->what, Catch::Contains(chosen.what));
}

TEST_CASE("a chain that was made anew, or cut at its end, is found by the hash that was noted") {
  Log log;
  const auto before = verify_audit(*log.session);
  SECTION("cut") {
    log.meddle("delete from audit where number = " + log.number(0));
    CHECK(verify_audit(*log.session).last < before.last);
  }
  SECTION("made anew") {
    log.meddle("update audit set detail = 'nothing' where number = " + log.number(3));
    chain_audit(*log.session);
    CHECK(verify_audit(*log.session).hash != before.hash);
  }
  CHECK_FALSE(verify_audit(*log.session).fault);
}

TEST_CASE("writers at once do not fork the chain") {
  const loa::tests::TempFolder folder;
  const auto url = loa::tests::store_url(folder / "loa.db");
  open_session(url);
  constexpr int kWrites = 40;
  const auto work = [&](const std::string& name) {
    const auto session = open_session(url);
    for (int done = 0; done < kWrites;) {
      try {
        Transaction transaction(*session, Actor{name, ""}, loa::scheduler::from_ms(done));
        transaction.audit("update", "node", name + std::to_string(done));
        transaction.commit();
        ++done;
      } catch (const std::exception&) {  // PostgreSQL: the other took this number; the same again
      }
    }
  };
  std::thread first(work, "u-1"), second(work, "u-2"), third(work, "u-3");
  first.join();
  second.join();
  third.join();
  const auto session = open_session(url);
  const auto check = verify_audit(*session);
  CHECK_FALSE(check.fault);
  CHECK(check.rows == 3 * kWrites);
}

TEST_CASE("the rows of a database from before the chain begin it") {
  Log log;
  const auto rows = log.last();
  log.meddle("update audit set previous_hash = '', hash = ''");
  CHECK(verify_audit(*log.session).fault);
  chain_audit(*log.session);
  log.write([](Transaction& t) { t.audit("update", "node", "n-one"); });
  const auto check = verify_audit(*log.session);
  CHECK_FALSE(check.fault);
  CHECK(check.rows == rows + 1);
}

TEST_CASE("the audit log is searched by who, what and when") {
  Log log;
  const auto count = [&](auto choose) {
    AuditFilter filter;
    filter.roots = {"hue"};
    filter.unbound = true;
    choose(filter);
    return list_audit(*log.session, filter).size();
  };
  const auto now = log.clock.now();
  CHECK(count([](auto& f) { f.subject = "user"; }) == 5);
  CHECK(count([](auto& f) { f.action = "update"; }) == 10);
  CHECK(count([](auto& f) { f.user = "u-nobody"; }) == 0);
  CHECK(count([](auto& f) { f.user = "u-someone"; f.action = "update"; f.subject = "node"; }) == 5);
  CHECK(count([&](auto& f) { f.from = now; }) == 2);
  CHECK(count([&](auto& f) { f.action = "update"; f.to = now; }) == 8);
  CHECK(count([](auto& f) { f.action = "update"; f.unbound = false; }) == 5);
  CHECK(count([](auto& f) { f.action = "update"; f.roots = {"hue-19774"}; f.unbound = false; }) == 0);
  CHECK(count([](auto& f) { f.action = "update"; f.limit = 3; }) == 3);
}

TEST_CASE("a database opened to be read is not changed, and one that is none is said") {
  const loa::tests::TempFolder folder;
  const auto url = loa::tests::store_url(folder / "loa.db");
  open_session(url);
  const auto session = open_to_read(url);
  CHECK(verify_audit(*session).rows == 0);
  CHECK_THROWS(sql::execute(*session, "delete from audit"));
  CHECK_THROWS_WITH(open_to_read((folder / "none.db").string()), Catch::Contains("there is no such file"));
  CHECK_FALSE(std::filesystem::exists(folder / "none.db"));
  std::ofstream(folder / "junk.db") << "junk";
  CHECK_THROWS_WITH(open_to_read((folder / "junk.db").string()), Catch::Contains("junk.db"));
}
