#include <catch2/catch.hpp>

#include "planned.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::AfterInterrupt;
using scheduler::Outcome;

namespace {

/// The power goes and comes back after `away`, on a board that has neither battery nor network for its clock.
void cut_power(TestNode& node, node::Monotonic away) {
  node.kill();
  node.time.pass(away);
  node.time.synced = false;
  node.time.boot = "boot-2";
  node.boot();
  node.connect();
}

/// Where in its occurrence the track told last begins, against the clock.
Millis off_its_place(Planned& with) {
  const auto& told = with.node.player().last();
  const auto begins = std::chrono::floor<Millis>(told.due->time_since_epoch());
  return told.track.offset - (begins - std::chrono::floor<Millis>(with.node.run->clock.monotonic_at(with.due)));
}

}  // namespace

TEST_CASE("a board whose power was cut in mid-play knows no time until a head, then goes on at the place of the clock") {
  struct Row {
    const char* name;
    AfterInterrupt after;
    Millis known_after;  // how long the plan was held before the power went: the newest signed time is older by that
  };
  const auto row = GENERATE(Row{"resumes", AfterInterrupt::resume, 0s}, Row{"joins", AfterInterrupt::join, 0s}, Row{"restarts", AfterInterrupt::restart, 0s},
                            Row{"drops", AfterInterrupt::drop, 0s}, Row{"resumes after hours", AfterInterrupt::resume, 3h});
  CAPTURE(row.name);
  Planned with;
  with.due = with.node.now() + row.known_after + 10s;
  with.plan.occurrences = {with.node.occurrence("b-1", with.due, 60s)};
  with.plan.occurrences[0].after_interrupt = row.after;
  with.plan.revision = 101;
  with.node.send_plan(with.plan);
  with.node.pass(row.known_after + 30s);
  cut_power(with.node, 10s);
  with.node.pass(2s);
  CHECK(with.node.player().order.empty());  // no schedule on a guessed time
  with.node.send_head(101);
  with.node.pass(1s);
  REQUIRE(with.node.player().order.size() == 1);
  CHECK(off_its_place(with) == 0ms);
  with.node.pass(3min);
  const auto record = with.only_record();
  CHECK(record.outcome == Outcome::partial);
  CHECK(record.reason == "restarted");
  CHECK(record.heard_ms < 60'000 - 10'000);
  CHECK(with.node.player().order.size() == 1);  // and it was the last of it
}

TEST_CASE("a board that knows the time only after the end of what the power cut says partial, and sounds nothing of it") {
  Planned with;
  with.node.pass(30s);
  cut_power(with.node, 10min);
  with.node.pass(2s);
  with.node.send_head(100);
  with.node.pass(5min);
  CHECK(with.node.player().order.empty());
  CHECK(with.only_record().outcome == Outcome::partial);
  CHECK(with.only_record().reason == "restarted");
  CHECK(with.only_record().heard_ms < 60'000);
}

TEST_CASE("a system clock that is set to nonsense in mid-play costs nothing: the board's own offset carries it") {
  Planned with;
  with.node.pass(30s);
  with.node.time.wall_at_boot -= 365 * 24h;
  with.node.time.synced = false;
  with.node.pass(1min);
  CHECK(with.node.player().order.size() == 1);
  CHECK(with.only_record().outcome == Outcome::played);
}

TEST_CASE("the time is lost in mid-play: silence, and with the next head it goes on where it stopped") {
  Planned with;
  with.node.time.synced = false;
  with.node.pass(30s);
  with.node.run->clock.forget(with.node.now() - 24h, true);  // as when the key that gave it is revoked
  with.node.pass(20s);
  CHECK(with.node.player().tracks.empty());
  with.node.send_head(100);
  with.node.pass(1s);
  REQUIRE(with.node.player().order.size() == 2);
  CHECK(std::chrono::abs(with.node.player().last().track.offset - 20s) < 200ms);
  with.node.pass(2min);
  CHECK(with.only_record().outcome == Outcome::played);
  CHECK(std::abs(with.only_record().heard_ms - 60'000) < 200);
}

TEST_CASE("an alert that sounded when the power went sounds again without the time, and once more goes on when it is known") {
  TestNode node;
  node.connect();
  node.send_plan(node.plan(100));
  node.pass(1h);
  auto alert = node.alert("l-1", 20s);
  alert.expires = node.now() + 30min;
  node.deliver(protocol::alert_topic("hue"), node.controller.alert(node.snapshot(50, {alert})));
  node.pass(8s);
  CHECK(node.player().order.size() == 1);
  cut_power(node, 10s);
  node.pass(10s);
  REQUIRE(node.player().order.size() == 1);
  node.alert_revisions["hue"] = 50;
  node.send_head(100);
  node.pass(1min);
  CHECK(node.player().order.size() == 1);  // it is not cut, and does not sound a third time
  REQUIRE(node.records().size() == 1);
  CHECK(node.records()[0].outcome == Outcome::partial);
  CHECK(node.records()[0].reason == "restarted");
}
