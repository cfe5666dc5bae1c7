#include <catch2/catch.hpp>

#include <fstream>

#include "planned.hpp"
#include "protocol/record_chain.hpp"

// A database that is found damaged while the node works: another takes its place, and nobody hears anything of it.

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

namespace {

/// A node with one record that nobody acknowledged, in the middle of its second broadcast.
struct InMidPlay {
  InMidPlay() {
    node.connect();
    due = node.now() + 100s;
    auto plan = node.plan(100);
    plan.occurrences = {node.occurrence("b-1", node.now() + 10s, 20s), node.occurrence("b-2", due, 60s)};
    node.send_plan(plan);
    node.pass(130s);
    REQUIRE(node.records().size() == 1);
    REQUIRE(node.player().tracks.size() == 1);
    log_id = node.run->log.id();
  }
  /// Writes over the pages of `table`, or over all; what SQLite has of them in memory is forgotten.
  void damage(const std::string& table) {
    auto& database = node.run->database;
    std::int64_t page = 0, size = 0, pages = 0;
    {
      node::Statement root(database, "select rootpage from sqlite_master where name = ?");
      if (root.bind(1, table).step()) page = root.integer(0);
      node::Statement bytes(database, "pragma page_size");
      if (bytes.step()) size = bytes.integer(0);
      node::Statement count(database, "pragma page_count");
      if (count.step()) pages = count.integer(0);
    }
    {
      node::Statement empty_wal(database, "pragma wal_checkpoint(truncate)");
      empty_wal.step();
    }
    std::fstream file(node.state_folder / "node.db", std::ios::binary | std::ios::in | std::ios::out);
    for (auto at = page ? page : 1; at <= (page ? page : pages); ++at) {
      file.seekp((at - 1) * size);
      file << std::string(static_cast<std::size_t>(size), '\xee');
    }
    file.close();
    database.execute("pragma shrink_memory");
  }
  std::vector<scheduler::PlayRecord> sent_of(const std::string& log) {
    std::vector<scheduler::PlayRecord> all;
    for (const auto& batch : node.batches())
      if (batch.log_id == log) all.insert(all.end(), batch.records.begin(), batch.records.end());
    return all;
  }
  TestNode node;
  TimePoint due;
  std::string log_id;
};

}  // namespace

TEST_CASE("a database that is damaged while the node works is replaced in place: what sounds goes on, once, and has its record") {
  struct Row {
    const char* table;  // none: the whole file
    bool rescued;       // the record that nobody acknowledged can be read
  };
  const auto row = GENERATE(values<Row>({{"", false}, {"occurrences", true}, {"records", false}, {"done_ids", true}}));
  DYNAMIC_SECTION((row.table[0] ? row.table : "everything")) {
    InMidPlay with;
    auto& node = with.node;
    const auto track = node.player().order.back();
    with.damage(row.table);
    node.pass(50s);
    if (row.table == std::string("done_ids")) {  // which nothing asks for but an order
      protocol::Order order{"o-1", TestController::kNode, node.now(), node.now() + 1h};
      order.kind = protocol::OrderKind::report;
      order.areas = node.controller.areas;
      node.deliver(protocol::order_topic(TestController::kNode), node.controller.order(order));
      node.pass(20s);
    }
    CHECK(node.player().order.back() == track);
    const auto other = node.run->log.id();
    REQUIRE(other != with.log_id);
    const auto records = node.records();
    REQUIRE(records.size() == (row.rescued ? 2 : 1));
    CHECK(records[0].previous_hash == protocol::first_previous_hash());
    CHECK(records.back().broadcast_id == "b-2");
    CHECK(records.back().outcome == Outcome::played);
    CHECK(records.back().heard_ms == 60'000);
    if (row.rescued) CHECK(protocol::follows(records[0], records[1]));
    CHECK_FALSE(with.sent_of(other).empty());
    CHECK(std::filesystem::exists(node.state_folder / "node.db.damaged"));
    node.pass(1min);
    REQUIRE(node.last_state().last_refusal);
    CHECK(node.last_state().last_refusal->where == "node.db");
    CHECK_THAT(node.last_state().last_refusal->message, Catch::Contains("another play log begins"));
    CHECK(node.last_state().disk == protocol::DiskHealth::ok);
    node.boot();
    node.connect();
    node.send_head(100);
    node.pass(5min);
    CHECK(node.records() == records);
    CHECK(node.player().order.empty());
  }
}

TEST_CASE("where no file can take the place of a damaged one, memory does until the disk takes one") {
  TempFolder folder;
  const auto file = folder / "node.db";
  node::Database database(file);
  database.begin_anew([&] {
    std::filesystem::rename(file, folder / "node.db.damaged");
    std::filesystem::create_directory(file);
  });
  CHECK(database.lent());
  CHECK(database.file() == file);
  CHECK(node::PlayLog(database).last_number() == 0);
  CHECK_THROWS_AS(node::Transaction(database), node::DatabaseError);
  std::filesystem::remove(file);
  node::Transaction(database).commit();
  CHECK_FALSE(database.lent());
  CHECK(std::filesystem::is_regular_file(file));
}
