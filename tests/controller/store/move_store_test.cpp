#include "controller/store/move_store.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "controller/store/store.hpp"
#include "controller/store/tables.hpp"
#include "protocol/hash.hpp"
#include "tests/controller/store/fixture.hpp"
#include "tests/support/postgres.hpp"

using namespace loa::store;
using loa::tests::PostgresServer;
using Kind = sql::Cell::Kind;
using Rows = std::vector<std::vector<sql::Cell>>;

namespace {

const auto kQuiet = [](const MoveProgress&) {};

/// Fills every table of a store with rows of every kind of value, by its columns alone.
class Filler {
 public:
  explicit Filler(Session& session) : x_session(session) {}

  void fill(const Table& table, int rows) {
    std::map<std::string, std::pair<std::string, std::string>> parents;
    for (const auto& row : sql::query(x_session, "select \"from\", \"table\", \"to\" from pragma_foreign_key_list(:t)", sql::params(table.name),
                                      sql::params("", "", "")))
      parents[row[0].text] = {row[1].text, row[2].text};
    std::map<std::string, std::string> types;
    std::set<std::string> optional;
    for (const auto& row : sql::query(x_session, "select name, lower(type), \"notnull\" + pk from pragma_table_info(:t)", sql::params(table.name),
                                      sql::params("", "", 0))) {
      types[row[0].text] = row[1].text;
      if (row[2].number == 0) optional.insert(row[0].text);
    }
    for (int i = 0; i < rows; ++i) {
      std::vector<sql::Cell> cells;
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const auto& column = table.columns[c];
        const bool own = table.own_reference && table.own_reference->first == column;
        if (optional.count(column) && (x_random() % 4 == 0 || (own && i == 0)))
          cells.push_back(null(table.shape[c].kind));
        else if (parents.count(column))
          cells.push_back(sql::cell_of(any_of(parents.at(column))));
        else
          cells.push_back(value(types.at(column)));
      }
      sql::insert_rows(x_session, table.name, table.columns, {cells}, "on conflict do nothing");
    }
  }

 private:
  static sql::Cell null(Kind kind) {
    sql::Cell cell;
    cell.kind = kind;
    cell.indicator = soci::i_null;
    return cell;
  }
  std::string any_of(const std::pair<std::string, std::string>& parent) {
    const auto all = sql::values<std::string>(x_session, "select " + parent.second + " from " + parent.first + " order by 1");
    return all.at(x_random() % all.size());
  }
  sql::Cell value(const std::string& type) {
    using Limits = std::numeric_limits<double>;
    static const std::vector<double> reals{0.1 + 0.2, -0.0, 1.0 / 3, -16.2, Limits::max(), Limits::denorm_min(), Limits::epsilon(), Limits::infinity(), -Limits::infinity(), 107.5909};
    static const std::vector<std::string> texts{"", "Thừa Thiên Huế", "l'été: \"x\"\\y $1 :v0 ?\n\t", "\xf0\x9f\x94\x8a", "a\x01z", " "};
    if (type == "double precision") return sql::cell_of(reals[x_random() % reals.size()]);
    if (type == "smallint") return sql::cell_of(static_cast<int>(x_random() % 2));
    if (type == "integer") return sql::cell_of(static_cast<std::int32_t>(x_random()));
    if (type == "bigint")
      return sql::cell_of(x_random() % 5 == 0 ? std::numeric_limits<std::int64_t>::min() : static_cast<std::int64_t>(x_random()));
    return sql::cell_of(texts[x_random() % texts.size()] + std::to_string(x_random() % 1000000));
  }

  Session& x_session;
  std::mt19937_64 x_random{7};
};

std::vector<std::string> rows_of(Session& session, const Table& table) {
  std::vector<std::string> all;
  for (const auto& row : sql::query(session, "select " + sql::joined(table.columns) + " from " + table.name, {}, table.shape)) {
    std::string text;
    for (const auto& cell : row) {
      char real[40];
      std::snprintf(real, sizeof real, "%a", cell.real);
      text += cell.is_null() ? "NULL" : cell.kind == Kind::text ? "'" + cell.text + "'" : cell.kind == Kind::real ? real : std::to_string(cell.number);
      text += " | ";
    }
    all.push_back(text);
  }
  std::sort(all.begin(), all.end());
  return all;
}

PostgresServer& one_server() {
  static PostgresServer server;
  return server;
}

/// A SQLite store with rows in every table, closed, and an empty database on the one server of this process.
struct Move {
  loa::tests::TempFolder folder;
  std::string file = (folder / "loa.db").string();
  PostgresServer& server = one_server();
  std::string name = "loa" + std::to_string(std::hash<std::string>{}(file));
  std::string to = server.make_database(name);

  explicit Move(int rows = 40) {
    const auto session = open_session(file);
    Filler filler(*session);
    *session << "begin";
    for (const auto& table : tables_of(*session)) filler.fill(table, rows);
    *session << "commit";
  }
  bool arrived_whole() const {
    const auto from = open_session(file);
    const auto there = open_session(to);
    bool equal = true;
    for (const auto& table : tables_of(*from)) {
      INFO(table.name);
      const auto expected = rows_of(*from, table);
      CHECK(rows_of(*there, table) == expected);
      equal = equal && !expected.empty() && rows_of(*there, table) == expected;
    }
    return equal;
  }
  std::string count(const std::string& table) { return server.ask("select count(*) from " + table, name); }
};

}  // namespace

TEST_CASE("every row of every table arrives as it was, and the file is as it was") {
  Move move;
  const auto before = loa::protocol::sha256_hex_of_file(move.file);
  std::map<std::string, MoveProgress> last;
  const auto moved = move_store(move.file, move.to, [&](const MoveProgress& progress) { last[progress.table] = progress; });
  CHECK(loa::protocol::sha256_hex_of_file(move.file) == before);
  CHECK(move.arrived_whole());
  CHECK(moved.size() >= 25);
  for (const auto& table : moved) {
    INFO(table.name);
    CHECK(table.rows > 0);
    CHECK(last[table.name].step == MoveProgress::Step::comparing);
    CHECK(last[table.name].rows == table.rows);
  }
  SECTION("and it is not done twice") {
    CHECK_THROWS_WITH(move_store(move.file, move.to, kQuiet), Catch::Contains("is not empty: there are rows in `"));
  }
  SECTION("and a controller goes on there") {
    boost::asio::io_context loop;
    loa::tests::FakeClock clock;
    Store store(loop.get_executor(), move.to, clock);
    CHECK(store.write_sync(system_actor(), [](Transaction& t) { return add_area(t, Province::area("new", "", "")); }));
  }
}

TEST_CASE("a move that was interrupted leaves nothing, and is begun again") {
  Move move;
  SECTION("here, in the middle") {
    CHECK_THROWS_WITH(move_store(move.file, move.to,
                                 [](const MoveProgress& progress) {
                                   if (progress.table == "occurrences") throw std::runtime_error("stopped");
                                 }),
                      "stopped");
    CHECK(move.count("areas") == "0");
  }
  SECTION("by kill -9 of the server") {
    CHECK_THROWS_WITH(move_store(move.file, move.to,
                                 [&](const MoveProgress& progress) {
                                   if (progress.table == "occurrences" && progress.rows == 0) move.server.kill();
                                 }),
                      Catch::Contains("store: occurrences cannot be copied") || Catch::Contains("server closed the connection"));
    move.server.start();
    CHECK(move.count("areas") == "0");
  }
  move_store(move.file, move.to, kQuiet);
  CHECK(move.arrived_whole());
}

TEST_CASE("a row that arrives changed ends the move, and nothing is kept") {
  Move move;
  open_session(move.to);
  const auto change = GENERATE(as<std::string>(), "new.loudness_lufs = new.loudness_lufs + 1e-14", "new.source_name = rtrim(new.source_name) || ' '",
                               "if new.bytes % 2 = 0 then return null; end if");
  INFO(change);
  move.server.run("create function change() returns trigger language plpgsql as $$ begin " + change + "; return new; end $$", move.name);
  move.server.run("create trigger change before insert on clips for each row execute function change()", move.name);
  CHECK_THROWS_WITH(move_store(move.file, move.to, kQuiet), Catch::Contains("what arrived in clips is not what was sent"));
  CHECK(move.count("areas") == "0");
  CHECK(move.count("clips") == "0");
}

TEST_CASE("a move is refused where it would go wrong, with the reason") {
  Move move(3);
  const auto refused = [&](const std::string& from, const std::string& to, const std::string& why) {
    CHECK_THROWS_WITH(move_store(from, to, kQuiet), Catch::StartsWith("store: ") && Catch::Contains(why));
  };
  SECTION("from nowhere") { refused(move.file + "x", move.to, "there is no " + move.file + "x to move"); }
  SECTION("from PostgreSQL") { refused(move.to, move.to, "is not on SQLite"); }
  SECTION("to SQLite") { refused(move.file, "sqlite:///tmp/other.db", "is not a PostgreSQL URL"); }
  SECTION("to a bad URL") { refused(move.file, "postgresql://loa:secret@db/loa", "must not hold a password"); }
  SECTION("to no server") { refused(move.file, "postgresql://loa@127.0.0.1:1/loa", "Connection refused"); }
  SECTION("to somebody else's database") {
    move.server.run("create table customers (id int)", move.name);
    move.server.run("grant select on customers to loa", move.name);
    refused(move.file, move.to, "is not empty: it has a table `customers`");
    CHECK(move.server.ask("select count(*) from information_schema.tables where table_schema = 'public'", move.name) == "1");
  }
  SECTION("while a controller serves it") {
    boost::asio::io_context loop;
    loa::tests::FakeClock clock;
    Store store(loop.get_executor(), move.file, clock);
    refused(move.file, move.to, "another controller uses " + move.file);
  }
  SECTION("while a controller serves the target") {
    boost::asio::io_context loop;
    loa::tests::FakeClock clock;
    Store store(loop.get_executor(), move.to, clock);
    refused(move.file, move.to, "another controller uses postgresql://loa@");
  }
  SECTION("an older schema") {
    sql::execute(*open_session(move.file), "delete from schema_version");
    sql::execute(*std::make_unique<Session>(soci::sqlite3, "dbname=" + move.file), "delete from schema_version");
    refused(move.file, move.to, "its schema is of another version");
  }
  SECTION("a value of another kind than its column") {
    sql::execute(*open_session(move.file), "update clips set bytes = 'many'");
    refused(move.file, move.to, "clips.bytes holds a value of type text, not integer");
  }
  SECTION("a number that is too large for its column there") {
    sql::execute(*open_session(move.file), "update nodes set volume = 3000000000");
    refused(move.file, move.to, "nodes cannot be copied");
  }
  SECTION("a zero byte") {
    sql::execute(*open_session(move.file), "update clips set source_name = 'a' || char(0) || 'b'");
    refused(move.file, move.to, "clips.source_name holds a text with a zero byte");
  }
  SECTION("a text that is not UTF-8") {
    sql::execute(*open_session(move.file), "update clips set source_name = cast(x'ff41' as text)");
    refused(move.file, move.to, "clips cannot be copied");
  }
  SECTION("areas that hang in a circle") {
    sql::execute(*open_session(move.file), "update areas set parent = id where parent is null");
    refused(move.file, move.to, "its references are damaged");
  }
  SECTION("a damaged file") {
    std::filesystem::resize_file(move.file, std::filesystem::file_size(move.file) - 5000);
    refused(move.file, move.to, "cannot read " + move.file);
  }
}
