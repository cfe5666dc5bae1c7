#include <catch2/catch.hpp>

#include "planned.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

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
  REQUIRE(record.clock_bound_ms);
  CHECK(*record.clock_bound_ms >= 2);  // what the kernel said
  CHECK(*record.clock_bound_ms <= 6);  // at the last look, at most 30 s before
  CHECK(with.node.agent().state().clock_bound_ms >= 2);
}

TEST_CASE("a sound device or a disk that failed is tried again in two seconds, one that fell behind at once, where the clip then is; a clip that failed is not") {
  Planned with;
  with.node.pass(30s);
  auto& player = with.node.player();
  const auto heard = 20s;
  struct Row {
    const char* name;
    node::TrackFault fault;
    const char* reason;
    Millis least, most;  // where in the clip it goes on
    Outcome outcome = Outcome::partial;
  };
  for (const auto& row : {Row{"the device", node::TrackFault::device, "player_error", 22s, 24s}, Row{"the disk", node::TrackFault::file, "disk", 22s, 24s},
                          Row{"the device that fell behind", node::TrackFault::behind, "", 20s, 21s, Outcome::played}}) {
    DYNAMIC_SECTION(row.name) {
      player.failed(player.last().track.id, row.fault, heard);
      with.node.pass(3s);
      REQUIRE(player.order.size() == 2);
      CHECK(player.last().track.offset >= row.least);
      CHECK(player.last().track.offset <= row.most);
      with.node.pass(2min);
      CHECK(with.only_record().outcome == row.outcome);
      CHECK(with.only_record().reason == row.reason);
      CHECK(with.only_record().heard_ms > 50'000);
      CHECK(with.only_record().heard_ms < 60'000);
      CHECK(with.node.shelf.unreadable.size() == (row.fault == node::TrackFault::file ? 1u : 0u));
    }
  }
  SECTION("the clip") {
    player.failed(player.last().track.id, "player_error", heard);
    with.node.pass(2min);
    CHECK(player.order.size() == 1);
    CHECK(with.only_record().reason == "player_error");
  }
}

TEST_CASE("a clip that cannot be read twice in mid-play gives way, and says why") {
  Planned with;
  with.node.pass(30s);
  auto& player = with.node.player();
  player.failed(player.last().track.id, node::TrackFault::file, 20s);
  with.node.pass(2100ms);
  REQUIRE(player.order.size() == 2);
  player.failed(player.last().track.id, node::TrackFault::file, 0s);
  with.node.pass(2min);
  CHECK(player.order.size() == 2);
  CHECK(with.only_record().outcome == Outcome::partial);
  CHECK(with.only_record().reason == "disk");
  CHECK(with.only_record().heard_ms == 20'000);
}

TEST_CASE("a clip that cannot be read while it is prepared is prepared again until it is due") {
  Planned with;
  with.node.pass(3s);
  auto& player = with.node.player();
  for (int times = 1; times <= 2; ++times) {
    REQUIRE(player.order.size() == static_cast<std::size_t>(times));
    player.failed(player.last().track.id, node::TrackFault::file, 0s);
    with.node.pass(2100ms);
  }
  with.node.pass(2min);
  CHECK(player.order.size() == 3);
  CHECK(with.only_record().outcome == Outcome::played);
  CHECK(with.only_record().reason.empty());
  CHECK(with.only_record().heard_ms == 60'000);
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
