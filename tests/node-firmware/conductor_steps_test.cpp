#include <catch2/catch.hpp>
#include <map>

#include "planned.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

namespace {

/// The system clock, which the kernel holds for synchronised, is set; the node looks at it as soon as the kernel tells.
void step(TestNode& node, Millis by) {
  node.time.wall_at_boot += by;
  node.run->clock.refresh();
  node.run->agent.tick();
}

/// A broadcast of a minute, due in ten seconds.
struct Stepped : Planned {
  /// How far the first sample of the only track was from the due time, by the clock as it is now.
  Millis late() {
    REQUIRE(node.player().last().due);
    return std::chrono::round<Millis>(node.player().last().due->time_since_epoch() - node.run->clock.monotonic_at(due));
  }
};

const std::map<std::string, Millis> kSteps{{"+400 ms", 400ms}, {"-400 ms", -400ms}, {"+1 h", 1h}, {"-1 h", -1h}};

}  // namespace

TEST_CASE("the clock is set while a broadcast sounds: one track, every second of it, and no second record") {
  for (const auto& [name, by] : kSteps) {
    DYNAMIC_SECTION(name) {
      Stepped with;
      with.node.pass(30s);
      step(with.node, by);
      with.node.pass(30s);
      CHECK(with.node.player().order.size() == 1);
      CHECK_FALSE(with.node.player().last().stopped);
      with.node.pass(11s);
      CHECK(with.only_record().outcome == Outcome::played);
      CHECK(with.only_record().heard_ms == 60'000);
      with.node.pass(2h);  // its due time passes once more where the clock was set back
      CHECK(with.node.player().order.size() == 1);
      CHECK(with.node.records().size() == 1);
    }
  }
}

TEST_CASE("the clock is set before a broadcast begins: it begins by the corrected clock") {
  const std::map<std::string, node::Monotonic> moments{{"idle", 1s}, {"prerolled", 5s}, {"told to begin", 9500ms}};
  for (const auto& [moment, after] : moments) {
    for (const auto& [name, by] : kSteps) {
      DYNAMIC_SECTION(moment << ", " << name) {
        Stepped with;
        with.node.pass(after);
        step(with.node, by);
        const auto now = with.node.now();
        with.node.pass(3h);
        const auto record = with.only_record();
        if (by == 1h) {
          CHECK(record.outcome == Outcome::skipped);
          CHECK(record.reason == "clock_stepped");
          for (const auto& [id, told] : with.node.player().tracks) CHECK(told.stopped);
          continue;
        }
        CHECK(record.outcome == Outcome::played);
        CHECK(record.heard_ms == 60'000);
        REQUIRE(record.start_error_us);
        const bool passed_over = by > 0ms && with.due <= now;
        CHECK(*record.start_error_us >= 0);
        CHECK(*record.start_error_us <= (passed_over ? 400'000 : 1'000));
      }
    }
  }
}

TEST_CASE("a small correction just before the beginning keeps the prerolled track") {
  for (const auto by : {400ms, -400ms}) {
    Stepped with;
    with.node.pass(9500ms);
    const auto prepared = with.node.player().order.size();
    REQUIRE(prepared == 1);
    step(with.node, by);
    with.node.pass(1s);
    if (by > 0ms) CHECK(with.node.player().order.size() == prepared);
    CHECK_FALSE(with.node.player().last().stopped);
    CHECK(with.late() >= 0ms);
    CHECK(with.late() <= 1ms);
  }
}

TEST_CASE("the clock is set while an alert interrupts a broadcast: it goes on where it was cut, or where it would be") {
  for (const auto after : {scheduler::AfterInterrupt::resume, scheduler::AfterInterrupt::join}) {
    for (const auto& [name, by] : kSteps) {
      DYNAMIC_SECTION(name << (after == scheduler::AfterInterrupt::join ? ", join" : ", resume")) {
        TestNode node;
        node.connect();
        auto plan = node.plan(100);
        auto occurrence = node.occurrence("b-1", node.now() + 10s, 60s);
        occurrence.after_interrupt = after;
        plan.occurrences = {occurrence};
        node.send_plan(plan);
        node.pass(30s);
        auto alert = node.alert("a-1", 10s);
        alert.sent -= 30min;
        alert.expires = node.now() + 24h;
        node.deliver(protocol::alert_topic("hue"), node.controller.alert(node.snapshot(1, {alert})));
        node.pass(4s);
        REQUIRE(node.run->conductor.sounding()->occurrence_id.starts_with("a-1."));
        step(node, by);
        node.pass(7s);
        CHECK(std::chrono::abs(node.player().last().track.offset - (after == scheduler::AfterInterrupt::join ? 30s : 20s)) <= 200ms);
        node.pass(3h);
        REQUIRE(node.records().size() == 2);
        for (const auto& record : node.records()) {
          if (record.alert_id.empty()) {
            CHECK(record.outcome == (after == scheduler::AfterInterrupt::join ? Outcome::partial : Outcome::played));
            CHECK(std::abs(record.heard_ms - (after == scheduler::AfterInterrupt::join ? 50'000 : 60'000)) <= 300);
          } else {
            CHECK(record.outcome == Outcome::played);
            CHECK(record.heard_ms == 10'000);
          }
        }
        CHECK(node.player().order.size() == 3);
      }
    }
  }
}
