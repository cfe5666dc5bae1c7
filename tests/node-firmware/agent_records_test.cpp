#include <catch2/catch.hpp>

#include "planned.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

TEST_CASE("what could not be heard says why") {
  TestNode node;
  node.connect();
  auto plan = node.plan(100);
  plan.occurrences = {node.occurrence("b-1", node.now() + 10s, 20s)};
  const auto sha = plan.occurrences[0].items[0].sha256;
  SECTION("a clip whose bytes never matched its name: failed: hash") {
    node.shelf.held.erase(sha);
    node.shelf.reasons[sha] = "hash";
    node.send_plan(plan);
    node.pass(2min);
    REQUIRE(node.records().size() == 1);
    CHECK(node.records()[0].outcome == Outcome::failed);
    CHECK(node.records()[0].reason == "hash");
    CHECK(node.records()[0].heard_ms == 0);
  }
  SECTION("a clip that came too late is joined: partial: late") {
    node.shelf.held.erase(sha);
    node.send_plan(plan);
    node.pass(20s);
    node.shelf.held[sha] = true;
    node.pass(1min);
    REQUIRE(node.records().size() == 1);
    CHECK(node.records()[0].outcome == Outcome::partial);
    CHECK(node.records()[0].reason == "late");
  }
  SECTION("a player that fails before any sound: failed, with the player's word") {
    node.send_plan(plan);
    node.pass(9s);
    node.player().failed(node.player().order.back(), "player_error", 0ms);
    node.pass(2min);
    REQUIRE(node.records().size() == 1);
    CHECK(node.records()[0].outcome == Outcome::failed);
    CHECK(node.records()[0].reason == "player_error");
  }
  SECTION("a player that stalls in mid-play: partial, with what was heard") {
    node.send_plan(plan);
    node.pass(15s);
    node.player().failed(node.player().order.back(), "stalled", 4'800ms);
    node.pass(2min);
    REQUIRE(node.records().size() == 1);
    CHECK(node.records()[0].outcome == Outcome::partial);
    CHECK(node.records()[0].reason == "stalled");
    CHECK(node.records()[0].heard_ms == 4'800);
  }
  SECTION("a clip that is shorter than the plan says: partial: short") {
    node.lengths[sha] = 8s;
    node.send_plan(plan);
    node.pass(2min);
    REQUIRE(node.records().size() == 1);
    CHECK(node.records()[0].outcome == Outcome::partial);
    CHECK(node.records()[0].reason == "short");
    CHECK(node.records()[0].heard_ms == 8'000);
  }
}

TEST_CASE("records go out signed, and again until the controller has acknowledged them") {
  Planned with;
  with.node.pass(2min);
  REQUIRE_FALSE(with.node.batches().empty());
  const auto batch = with.node.batches().front();
  REQUIRE(batch.records.size() == 1);
  CHECK(batch.log_id == with.node.run->log.id());
  CHECK(batch.records[0] == with.only_record());
  SECTION("without an acknowledgement it is sent again, ever less often") {
    const auto before = with.node.batches().size();
    with.node.pass(2min);
    CHECK(with.node.batches().size() > before);
    CHECK(with.node.batches().size() < before + 4);
  }
  SECTION("acknowledged it is not sent again, not even after a reconnect") {
    protocol::LogAck ack{TestController::kNode, with.node.now(), batch.log_id, 1, with.node.controller.areas};
    with.node.deliver(protocol::log_ack_topic(TestController::kNode), with.node.controller.ack(ack));
    const auto before = with.node.batches().size();
    with.node.link().drop();
    with.node.connect();
    with.node.pass(5min);
    CHECK(with.node.batches().size() == before);
    CHECK(with.node.last_state().log_acked == 1);
  }
  SECTION("an order asks for it again from a number") {
    protocol::LogAck ack{TestController::kNode, with.node.now(), batch.log_id, 1, with.node.controller.areas};
    with.node.deliver(protocol::log_ack_topic(TestController::kNode), with.node.controller.ack(ack));
    const auto before = with.node.batches().size();
    protocol::Order order;
    order.id = "o-2";
    order.node = TestController::kNode;
    order.issued = with.node.now();
    order.expires = with.node.now() + 5min;
    order.kind = protocol::OrderKind::report;
    order.from_number = 1;
    order.areas = with.node.controller.areas;
    with.node.deliver(protocol::order_topic(TestController::kNode), with.node.controller.order(order));
    REQUIRE(with.node.batches().size() == before + 1);
    CHECK(with.node.batches().back().records[0].number == 1);
  }
}

TEST_CASE("a record is not lost when the process is killed right after it was made") {
  Planned with;
  with.node.link().drop();
  with.node.pass(2min);
  with.node.boot();
  with.node.connect();
  REQUIRE(with.node.batches().size() == 1);
  CHECK(with.node.batches()[0].records.size() == 1);
}
