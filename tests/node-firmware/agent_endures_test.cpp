#include <catch2/catch.hpp>

#include "planned.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

TEST_CASE("a node killed in mid-play goes on at the offset of the clock, and makes one record: partial") {
  Planned with;
  with.node.pass(30s);
  const bool by_kill = GENERATE(true, false);
  if (by_kill) {
    with.node.kill();
  } else {
    with.node.agent().stop(1s, [] {});
    CHECK(with.node.agent().lifecycle() == protocol::Lifecycle::gone);
  }
  with.node.time.pass(5s);
  with.node.boot();  // and the network stays cut
  with.node.pass(300ms);
  REQUIRE(with.node.player().order.size() == 1);
  const auto& told = with.node.player().last();
  const auto position = told.track.offset - (std::chrono::floor<Millis>(told.due->time_since_epoch()) -
                                             std::chrono::floor<Millis>(with.node.run->clock.monotonic_at(with.due)));
  CHECK(position == 0ms);
  with.node.pass(2min);
  const auto record = with.only_record();
  CHECK(record.outcome == Outcome::partial);
  CHECK(record.reason == "restarted");
  CHECK(record.heard_ms > 50'000 - (by_kill ? 10'000 : 0));
  CHECK(record.heard_ms < 56'000);
  CHECK(record.started == with.due);
}

TEST_CASE("a node that was off until the end says partial, never played") {
  Planned with;
  with.node.pass(30s);
  with.node.kill();
  with.node.time.pass(5min);
  with.node.boot();
  with.node.pass(5s);
  CHECK(with.only_record().outcome == Outcome::partial);
  CHECK(with.only_record().heard_ms >= 10'000);
  CHECK(with.node.player().order.empty());
}

TEST_CASE("a node that was off for hours says missed of what it had the clip for") {
  Planned with;
  with.node.kill();
  with.node.time.pass(3h);
  with.node.boot();
  with.node.pass(5s);
  CHECK(with.only_record().outcome == Outcome::skipped);
  CHECK(with.only_record().reason == "missed");
}

TEST_CASE("with the network cut, and after a restart with it still cut, the plan is played") {
  Planned with;
  with.node.link().drop();
  with.node.boot();
  with.node.pass(2min);
  CHECK(with.only_record().outcome == Outcome::played);
}

TEST_CASE("past the plan's end the node is silent, says so, and still takes alerts") {
  TestNode node;
  node.connect();
  auto plan = node.plan(100);
  plan.until = node.now() + 1min;
  plan.occurrences = {node.occurrence("b-1", node.now() + 2min, 10s)};
  node.send_plan(plan);
  node.pass(5min);
  CHECK(node.player().order.empty());
  CHECK(node.last_state().lifecycle == protocol::Lifecycle::expired);
  node.deliver(protocol::alert_topic("hue"), node.controller.alert(node.snapshot(50, {node.alert("l-1", 5s)})));
  node.pass(2s);
  CHECK(node.last_state().lifecycle == protocol::Lifecycle::alerting);
  node.pass(10s);
  CHECK(node.last_state().lifecycle == protocol::Lifecycle::expired);
}

TEST_CASE("a node of format 1 keeps playing beside a controller that also writes format 2") {
  Planned with;
  with.node.pass(30s);
  auto json = protocol::encode(with.node.plan(200));
  json.replace(json.find("\"v\":1"), 5, "\"v\":2");
  const auto second = protocol::pack_plan(json, "k-1", with.node.controller.working.at("k-1")).value();
  with.node.deliver(protocol::plan_topic(TestController::kNode), second);
  with.node.deliver("loa/2/keys", with.node.controller.key_set());
  CHECK(with.node.last_state().formats == std::vector<int>{1});
  with.node.pass(2min);
  CHECK(with.only_record().outcome == Outcome::played);
  CHECK(with.node.last_state().last_refusal->code == "format_unknown");
}

TEST_CASE("where head and system clock differ by more than the bound the head wins, and the state says so") {
  TestNode node;
  node.time.wall_at_boot -= 10min;  // the board's clock is slow
  node.boot();
  node.connect();
  auto head = node.head(0);
  head.issued = node.now() + 10min;
  node.deliver(protocol::head_topic(TestController::kNode), node.controller.head(head));
  node.pass(2s);
  CHECK(node.last_state().clock == scheduler::ClockQuality::head);
  CHECK(node.last_state().clock_offset_ms == 600'000);
}

TEST_CASE("a head of a controller whose clock jumped ahead cuts nothing that sounds, and is asked at once whether it means it") {
  Planned with;
  auto& node = with.node;
  node.pass(30s);
  REQUIRE(node.player().tracks.size() == 1);
  node.send_head(100);
  REQUIRE(node.last_state().clock == scheduler::ClockQuality::synced);
  // A head on a change answers the same nonce a second time: it proves that it is fresh, but not what time it is.
  const auto nonce = node.last_state().nonce;
  auto head = node.head(100);
  head.issued = node.now() + 1h;
  node.deliver(protocol::head_topic(TestController::kNode), node.controller.head(head));
  node.pass(2s);
  CHECK(node.player().tracks.size() == 1);
  CHECK(node.run->clock.trusted());
  CHECK(node.last_state().nonce != nonce);
  CHECK(node.last_state().clock == scheduler::ClockQuality::held);
  SECTION("it does: the answer to the new nonce proves it") {
    head = node.head(100);
    head.issued = node.now() + 1h + 3s;
    node.deliver(protocol::head_topic(TestController::kNode), node.controller.head(head));
    CHECK(node.last_state().clock == scheduler::ClockQuality::head);
  }
  SECTION("no answer comes: the board's own time goes on") {
    node.link().drop();
  }
  node.pass(1min);
  CHECK(with.only_record().outcome == Outcome::played);
}

TEST_CASE("what came due while the node did not know the time is skipped: no_clock") {
  Planned with;
  with.node.kill();
  with.node.time.synced = false;
  with.node.time.boot = "boot-2";
  with.node.boot();
  with.node.connect();
  with.node.pass(2min);
  CHECK(with.node.player().order.empty());
  CHECK(with.node.records().empty());
  with.node.send_head(100);
  with.node.pass(1s);
  CHECK(with.only_record().outcome == Outcome::skipped);
  CHECK(with.only_record().reason == "no_clock");
}

TEST_CASE("a correction of the clock does not cut what sounds") {
  Planned with;
  with.node.pass(30s);
  with.node.time.wall_at_boot += 1h;  // the system clock steps, and the kernel calls it synchronised
  with.node.pass(1min);
  CHECK(with.node.player().order.size() == 1);
  CHECK(with.only_record().outcome == Outcome::played);
  CHECK(with.only_record().heard_ms == 60'000);
}
