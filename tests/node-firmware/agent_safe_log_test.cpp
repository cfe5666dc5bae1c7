#include <catch2/catch.hpp>

#include <fstream>

#include "planned.hpp"
#include "protocol/record_chain.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

namespace {

/// A board whose safe mode, without a line, sounded an alert's two repeats whole, and which is in its normal mode again.
struct AfterSafeMode : Planned {
  AfterSafeMode() {
    node.pass(80s);
    node.kill();
    node.safe_mode = "died 5 times";
    node.boot();
    node.connect();
    node.send_head(100);
    node.alert_revisions["hue"] = 50;
    auto alert = node.alert("l-1", 5s);
    alert.repeats = 4;
    alert.repeat_every = 20s;
    node.deliver(protocol::alert_topic("hue"), node.controller.alert(node.snapshot(50, {alert})));
    order("o-1");
    node.link().drop();
    node.pass(30s);
    safe_log = node.run->log.id();
    in_safe_mode = node.records();
    node.kill();
    node.safe_mode.clear();
  }
  void order(const std::string& id) {
    protocol::Order order;
    order.id = id;
    order.node = TestController::kNode;
    order.issued = node.now();
    order.expires = node.now() + 1h;
    order.kind = protocol::OrderKind::report;
    order.areas = node.controller.areas;
    node.deliver(protocol::order_topic(TestController::kNode), node.controller.order(order));
  }
  void begin() {
    node.boot();
    node.connect();
    node.send_head(100);
    node.pass(1s);
  }
  std::vector<protocol::LogBatch> of_safe_mode() {
    auto all = node.batches();
    std::erase_if(all, [&](const auto& batch) { return batch.log_id != safe_log; });
    return all;
  }
  void acknowledge(std::int64_t number) {
    node.time.pass(2ms);
    node.deliver(protocol::log_ack_topic(TestController::kNode),
                 node.controller.ack({TestController::kNode, node.now(), safe_log, number, node.controller.areas}));
  }
  std::string safe_log;
  std::vector<scheduler::PlayRecord> in_safe_mode;
};

}  // namespace

TEST_CASE("what sounded in the safe mode is sent by the normal mode, under the log in which it was written, until it is acknowledged") {
  AfterSafeMode with;
  REQUIRE(with.in_safe_mode.size() == 2);
  with.begin();
  REQUIRE(with.of_safe_mode().size() == 1);
  const auto sent = with.of_safe_mode()[0].records;
  CHECK(sent == with.in_safe_mode);
  CHECK(sent[0].previous_hash == protocol::first_previous_hash());
  CHECK(protocol::follows(sent[0], sent[1]));
  CHECK(with.node.last_state().log_id != with.safe_log);
  SECTION("an acknowledgement ends it, over restarts too") {
    with.acknowledge(2);
    CHECK(with.node.receipts().empty());
    with.node.pass(30min);
    CHECK(with.of_safe_mode().size() == 1);
    with.begin();
    with.node.pass(30min);
    CHECK(with.of_safe_mode().empty());
  }
  SECTION("none comes: it is sent again") {
    with.node.pass(40s);
    REQUIRE(with.of_safe_mode().size() == 2);
    CHECK(with.of_safe_mode()[1].records == sent);
  }
  SECTION("a part is acknowledged: the next session brings the rest") {
    with.acknowledge(1);
    with.node.link().drop();
    with.node.connect();
    with.node.pass(1s);
    REQUIRE(with.of_safe_mode().size() == 2);
    CHECK(with.of_safe_mode()[1].records == std::vector{sent[1]});
  }
  SECTION("the log of the normal mode is acknowledged by itself") {
    with.node.time.pass(2ms);
    with.node.deliver(protocol::log_ack_topic(TestController::kNode),
                      with.node.controller.ack({TestController::kNode, with.node.now(), with.node.run->log.id(), 1, with.node.controller.areas}));
    CHECK(with.node.run->log.acked() == 1);
    CHECK(with.node.run->safe_log->log().acked() == 0);
  }
}

TEST_CASE("what sounded in the safe mode does not sound again, and has no second record") {
  AfterSafeMode with;
  with.begin();
  with.node.pass(2min);
  const auto records = with.node.records();
  REQUIRE(records.size() == 3);  // the plan's, then the two repeats that came due in the normal mode
  CHECK(records[1].occurrence_id == "l-1.1.3");
  CHECK(records[2].occurrence_id == "l-1.1.4");
  CHECK(records[1].outcome == Outcome::played);
  CHECK(records[2].outcome == Outcome::played);
}

TEST_CASE("an order that was done in the safe mode is not done again") {
  AfterSafeMode with;
  with.begin();
  with.order("o-1");
  REQUIRE_FALSE(with.node.receipts().empty());
  CHECK(with.node.receipts().back().code == "replayed");
}

TEST_CASE("records of the safe mode that only a revoked key acknowledged are sent again") {
  AfterSafeMode with;
  with.begin();
  with.acknowledge(2);
  with.node.pass(1s);
  const auto before = with.of_safe_mode().size();
  with.node.controller.add_key("k-2", "hue", {protocol::MessageType::log_ack});
  with.node.controller.revoke("k-1", with.node.now());
  with.node.deliver(protocol::keys_topic(), with.node.controller.key_set());
  with.node.pass(1s);
  CHECK(with.of_safe_mode().size() == before + 1);
}

TEST_CASE("a damaged database of the safe mode is set aside, and the normal mode goes on") {
  AfterSafeMode with;
  std::ofstream(with.node.state_folder / "safe.db", std::ios::binary | std::ios::trunc) << std::string(8192, 'x');
  std::filesystem::remove(with.node.state_folder / "safe.db-wal");
  with.begin();
  with.node.pass(1min);
  CHECK(with.of_safe_mode().empty());
  CHECK(with.node.records().size() > 1);
}
