#include <catch2/catch.hpp>

#include "test_node.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

namespace {

// A node whose plan has one broadcast of a minute, due in ten seconds.
struct Planned {
  Planned() {
    node.connect();
    due = node.now() + 10s;
    plan = node.plan(100);
    plan.occurrences = {node.occurrence("b-1", due, 60s)};
    node.send_plan(plan);
  }
  scheduler::PlayRecord only_record() {
    const auto records = node.records();
    REQUIRE(records.size() == 1);
    return records[0];
  }
  TestNode node;
  TimePoint due;
  scheduler::Plan plan;
};

}  // namespace

TEST_CASE("a broadcast is prerolled, started at its due time, and recorded once with everything it must say") {
  Planned with;
  with.node.pass(9s);
  REQUIRE(with.node.player().order.size() == 1);
  CHECK(with.node.player().last().track.offset == 0ms);
  with.node.pass(600ms);
  REQUIRE(with.node.player().last().due);
  CHECK(with.node.player().last().due->time_since_epoch() == with.node.run->clock.monotonic_at(with.due));
  with.node.pass(2min);
  CHECK(with.node.player().order.size() == 1);
  const auto record = with.only_record();
  CHECK(record.outcome == Outcome::played);
  CHECK(record.reason.empty());
  CHECK(record.number == 1);
  CHECK(record.log_id == with.node.run->log.id());
  CHECK(record.occurrence_id == with.plan.occurrences[0].id);
  CHECK(record.broadcast_id == "b-1");
  CHECK(record.programme_id == "p-1");
  CHECK(record.title == "Luật Đất đai");
  CHECK(record.legal_field == "land");
  CHECK(record.language == "vi");
  CHECK(record.due == with.due);
  CHECK(record.started == with.due);
  CHECK(record.start_error_us == 0);
  CHECK(record.heard_ms == 60'000);
  CHECK(record.planned_ms == 60'000);
  CHECK(record.clip_sha256 == with.plan.occurrences[0].items[0].sha256);
  CHECK(record.volume == 100);
  REQUIRE(record.level_dbfs);
  CHECK(*record.level_dbfs == Approx(-20.0));
  CHECK(record.clock == scheduler::ClockQuality::synced);
}

TEST_CASE("a daily renewal in mid-play changes nothing that is heard") {
  Planned with;
  with.node.pass(30s);
  auto renewed = with.node.plan(200);
  renewed.occurrences = with.plan.occurrences;
  with.node.send_plan(renewed);
  CHECK(with.node.agent().state().plan_held == 200);
  with.node.pass(2min);
  CHECK(with.node.player().order.size() == 1);
  CHECK(with.only_record().outcome == Outcome::played);
  CHECK(with.only_record().heard_ms == 60'000);
}

TEST_CASE("a plan that no longer holds what sounds stops it within a second: cancelled, with seconds") {
  Planned with;
  with.node.pass(30s);
  auto next = with.node.plan(200);
  with.node.send_plan(next);
  with.node.pass(500ms);
  CHECK(with.node.player().tracks.empty());
  const auto record = with.only_record();
  CHECK(record.outcome == Outcome::cancelled);
  CHECK(record.reason == "plan");
  CHECK(record.heard_ms >= 19'900);
  CHECK(record.heard_ms < 21'000);
}

TEST_CASE("mute silences within a second, and what comes due is skipped: muted") {
  Planned with;
  with.node.pass(30s);
  auto muted = with.node.plan(200);
  muted.occurrences = {with.plan.occurrences[0], with.node.occurrence("b-2", with.due + 2min, 10s)};
  muted.settings.mute = true;
  with.node.send_plan(muted);
  with.node.pass(900ms);
  CHECK(with.node.player().tracks.empty());
  with.node.pass(1s);
  CHECK(with.node.last_state().muted);
  with.node.pass(5min);
  const auto records = with.node.records();
  REQUIRE(records.size() == 2);
  CHECK(records[0].outcome == Outcome::partial);
  CHECK(records[0].reason == "muted");
  CHECK(records[0].heard_ms >= 19'900);
  CHECK(records[1].outcome == Outcome::skipped);
  CHECK(records[1].reason == "muted");
}

TEST_CASE("a new volume reaches what sounds within a second") {
  Planned with;
  with.node.pass(30s);
  auto quiet = with.node.plan(200);
  quiet.occurrences = with.plan.occurrences;
  quiet.settings.volume = 40;
  with.node.send_plan(quiet);
  with.node.pass(500ms);
  REQUIRE(with.node.player().tracks.size() == 1);
  CHECK(with.node.player().last().track.volume == 40);
  CHECK(with.node.agent().state().volume == 40);
}

TEST_CASE("orders are obeyed once") {
  Planned with;
  with.node.pass(30s);
  protocol::Order order;
  order.id = "o-1";
  order.node = TestController::kNode;
  order.issued = with.node.now();
  order.expires = with.node.now() + 5min;
  order.kind = protocol::OrderKind::stop;
  order.areas = with.node.controller.areas;
  const auto topic = protocol::order_topic(TestController::kNode);
  SECTION("stop ends what sounds as cancelled: stopped") {
    with.node.deliver(topic, with.node.controller.order(order));
    with.node.pass(500ms);
    CHECK(with.node.player().tracks.empty());
    CHECK(with.only_record().outcome == Outcome::cancelled);
    CHECK(with.only_record().reason == "stopped");
    CHECK(with.node.receipts().back().subject == "o-1");
    CHECK(with.node.receipts().back().accepted);
  }
  SECTION("the same order again is refused as replayed, also after a restart") {
    order.occurrence_id = "b-none@20260101T000000Z";
    with.node.deliver(topic, with.node.controller.order(order));
    with.node.deliver(topic, with.node.controller.order(order));
    CHECK(with.node.receipts().back().code == "replayed");
    with.node.boot();
    with.node.connect();
    with.node.deliver(topic, with.node.controller.order(order));
    CHECK(with.node.receipts().back().code == "replayed");
  }
  SECTION("an expired one is refused") {
    order.expires = with.node.now() - 1s;
    order.issued = with.node.now() - 1min;
    with.node.deliver(topic, with.node.controller.order(order));
    CHECK(with.node.receipts().back().code == "expired");
    CHECK_FALSE(with.node.player().tracks.empty());
  }
  SECTION("report sends a state at once") {
    const auto before = with.node.last_state().sequence;
    order.kind = protocol::OrderKind::report;
    with.node.deliver(topic, with.node.controller.order(order));
    CHECK(with.node.last_state().sequence == before + 1);
  }
  SECTION("restart asks the program to end") {
    order.kind = protocol::OrderKind::restart;
    with.node.deliver(topic, with.node.controller.order(order));
    CHECK(with.node.run->restart_asked);
  }
}

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
  CHECK(record.heard_ms > 50'000 - (by_kill ? 5'000 : 0));
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
  CHECK(with.only_record().heard_ms >= 15'000);
  CHECK(with.node.player().order.empty());
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

TEST_CASE("several items sound one after the other in one record") {
  TestNode node;
  node.connect();
  auto plan = node.plan(100);
  auto one = node.occurrence("b-1", node.now() + 10s, 20s);
  const auto two = node.occurrence("b-2", node.now() + 10s, 10s);
  scheduler::Item pause;
  pause.kind = scheduler::ItemKind::pause;
  pause.duration = 5s;
  one.items.push_back(pause);
  one.items.push_back(two.items[0]);
  one.duration = 35s;
  plan.occurrences = {one};
  node.send_plan(plan);
  node.pass(2min);
  CHECK(node.player().order.size() == 2);
  REQUIRE(node.records().size() == 1);
  CHECK(node.records()[0].outcome == Outcome::played);
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
