#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <sstream>

#include "controller/store/migrations.hpp"
#include "controller/store/sql.hpp"
#include "tests/controller/store/fixture.hpp"
#include "tests/support/places.hpp"

using namespace loa::store;
using namespace sqlite_api;  // where SOCI puts SQLite's names

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string schema_of(Session& session) {
  std::string schema;
  for (const auto& text : sql::values<std::string>(
           session, "select sql from sqlite_master where sql is not null and name not like 'sqlite_%' order by type desc, name"))
    schema += text + ";\n";
  return schema;
}

// The file that a program of schema 9 left, as SQLite writes it out (`.dump`).
void write_older_database(const std::filesystem::path& path) {
  const auto text = read_file(loa::tests::source_folder() / "tests/packages/older_controller.sql");
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
  char* said = nullptr;
  const int result = sqlite3_exec(handle, text.c_str(), nullptr, nullptr, &said);
  INFO((said ? said : ""));
  CHECK(result == SQLITE_OK);
  sqlite3_free(said);
  sqlite3_close(handle);
}

// NAME ROWS of each table that holds some.
std::vector<std::string> rows_of(const std::filesystem::path& path) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  const auto ask = [handle](const std::string& sql) {
    std::vector<std::string> found;
    const auto take = [](void* to, int, char** columns, char**) {
      static_cast<std::vector<std::string>*>(to)->push_back(columns[0]);
      return 0;
    };
    CHECK(sqlite3_exec(handle, sql.c_str(), take, &found, nullptr) == SQLITE_OK);
    return found;
  };
  std::vector<std::string> rows;
  for (const auto& table : ask("select name from sqlite_master where type = 'table' and name <> 'schema_version' and name not like 'sqlite_%' order by name"))
    if (const auto count = ask("select count(*) from " + table).at(0); count != "0") rows.push_back(table + " " + count);
  sqlite3_close(handle);
  return rows;
}

}  // namespace

TEST_CASE("the migrated schema is the one written down") {
  const loa::tests::TempFolder folder;
  const auto session = open_session((folder / "loa.db").string());
  const auto expected = read_file(loa::tests::source_folder() / "tests/controller/store/schema.sql");
  CHECK(schema_of(*session) == expected);
}

TEST_CASE("migrations are numbered from 1 without gaps") {
  int expected = 0;
  for (const auto& step : migrations()) CHECK(step.number == ++expected);
  CHECK(expected >= 1);
}

TEST_CASE("the schema keeps to what PostgreSQL takes too") {
  const std::regex only_sqlite("autoincrement|\\bblob\\b|\\bboolean\\b|\\bdatetime\\b|without rowid|pragma|\\breal\\b",
                               std::regex::icase);
  for (const auto& step : migrations()) {
    std::smatch found;
    const std::string sql(step.sql);
    CHECK_FALSE(std::regex_search(sql, found, only_sqlite));
  }
}

TEST_CASE("a database of before broadcasts could be of a stream keeps those that it has") {
  const loa::tests::TempFolder folder;
  const auto path = (folder / "loa.db").string();
  {
    Session older(soci::sqlite3, "dbname=\"" + path + "\"");
    older << "create table schema_version (number integer not null)";
    for (const auto& step : migrations()) {
      if (step.number > 13) break;
      std::istringstream script{std::string(step.sql)};
      std::string statement;
      for (std::string line; std::getline(script, line);) {
        statement += line + "\n";
        if (!line.ends_with(';')) continue;
        older << statement.substr(0, statement.rfind(';'));
        statement.clear();
      }
      older << "insert into schema_version (number) values (:n)", soci::use(step.number);
    }
    older << "insert into areas (id, code, old_codes, name, kind, time_zone) values ('hue', '', '', 'Huế', 'province', '')";
    older << "insert into programmes (id, area, title, legal_field, legal_references, issuing_body, language, script, state, author, content_hash,"
             " approved_hash, approver, return_reason, created, changed)"
             " values ('p-1', 'hue', 'Luật', '', '', '', 'vi', '', 'approved', 'u-1', 'h', 'h', 'u-2', '', 1, 1)";
    older << "insert into broadcasts (id, programme, area, class, start, time_zone, rrule, exdates, rdates, cancelled_occurrences, volume,"
             " after_interrupt, late, late_limit_ms, creator, created, cancelled_by, cancel_reason) values ('b-1', 'p-1', 'hue', 'normal',"
             " '2026-11-25T06:00:00', 'Asia/Ho_Chi_Minh', '', '', '', '', 80, 'resume', 'join', 0, 'u-1', 1, '', '')";
    older << "insert into broadcast_areas (broadcast, area) values ('b-1', 'hue')";
  }
  const auto session = open_session(path);
  const auto kept = find_broadcast(*session, "b-1");
  REQUIRE(kept);
  CHECK(kept->programme == "p-1");
  CHECK(kept->stream.empty());
  CHECK(kept->volume == 80);
  CHECK(kept->areas == std::vector<std::string>{"hue"});
  CHECK(sql::values<std::string>(*session, "select \"table\" from pragma_foreign_key_check()").empty());
}

TEST_CASE("a database is opened again as it was left") {
  const loa::tests::TempFolder folder;
  const auto path = (folder / "loa.db").string();
  {
    const auto session = open_session(path);
    Transaction transaction(*session, system_actor(), loa::scheduler::from_ms(1));
    add_area(transaction, Province::area("hue", "", "46"));
    transaction.commit();
  }
  const auto session = open_session("sqlite://" + path);
  CHECK(find_area(*session, "hue"));
  CHECK(schema_version(*session) == static_cast<int>(migrations().size()));
}

TEST_CASE("a database that an older program wrote is brought up to date with every row") {
  const loa::tests::TempFolder folder;
  const auto path = folder / "loa.db";
  write_older_database(path);
  const auto before = rows_of(path);
  CHECK(before.size() > 15);
  {
    const auto session = open_session(path.string());
    CHECK(schema_version(*session) == static_cast<int>(migrations().size()));
    CHECK(schema_of(*session) == read_file(loa::tests::source_folder() / "tests/controller/store/schema.sql"));
    CHECK(sql::value<std::string>(*session, "pragma integrity_check") == "ok");
    CHECK(sql::values<std::string>(*session, "select \"table\" from pragma_foreign_key_check").empty());
    CHECK(sql::values<std::string>(*session, "select outcome from play_records where broadcast <> ''") ==
          std::vector<std::string>{"played", "played", "played"});
  }
  const auto after = rows_of(path);
  for (const auto& table : before) CHECK(std::find(after.begin(), after.end(), table) != after.end());
}

TEST_CASE("every connection is safe: WAL, full sync, foreign keys") {
  const loa::tests::TempFolder folder;
  const auto session = open_session((folder / "loa.db").string());
  CHECK(sql::value<std::string>(*session, "pragma journal_mode") == "wal");
  CHECK(sql::value<int>(*session, "pragma synchronous") == 2);
  CHECK(sql::value<int>(*session, "pragma foreign_keys") == 1);
  CHECK_THROWS_WITH(sql::execute(*session, "insert into grants (user_id, role, area) values ('nobody', 'admin', 'nowhere')"),
                    Catch::Contains("FOREIGN KEY"));
}

TEST_CASE("what cannot be opened says which and why") {
  const loa::tests::TempFolder folder;
  SECTION("no such folder") {
    CHECK_THROWS_WITH(open_session((folder / "none" / "loa.db").string()), Catch::Contains("none/loa.db"));
  }
  SECTION("another kind of database") {
    CHECK_THROWS_WITH(open_session("mysql://db/loa"), Catch::Contains("`mysql://` is not known"));
  }
  SECTION("a file of a newer program") {
    const auto path = (folder / "loa.db").string();
    sql::execute(*open_session(path), "insert into schema_version (number) values (9999)");
    CHECK_THROWS_WITH(open_session(path), Catch::Contains("written by a newer program (schema 9999"));
  }
}
