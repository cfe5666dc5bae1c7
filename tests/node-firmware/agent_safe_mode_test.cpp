#include <catch2/catch.hpp>

#include "planned.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

namespace {

/// A board that held a plan with these settings, and is now in safe mode.
struct InSafeMode : Planned {
  explicit InSafeMode(bool mute) {
    plan.revision = 101;
    plan.settings.mute = mute;
    plan.settings.alert_volume = 40;
    node.send_plan(plan);
    node.kill();
    node.safe_mode = "died 5 times";
    node.boot();
    node.connect();
    node.send_head(101);
  }
  void alert(const std::string& id, std::int64_t revision) {
    node.alert_revisions["hue"] = revision;
    node.deliver(protocol::alert_topic("hue"), node.controller.alert(node.snapshot(revision, {node.alert(id, 5s)})));
    node.pass(1s);
  }
};

}  // namespace

TEST_CASE("in safe mode an alert is as loud as the plan that is left unread wants it") {
  InSafeMode with(false);
  CHECK(with.node.run->conductor.plan() == nullptr);
  with.alert("l-1", 50);
  REQUIRE(with.node.player().tracks.size() == 1);
  CHECK(with.node.player().last().track.volume == 40);
}

TEST_CASE("in safe mode a muted pole stays mute, and a plan that comes then is heeded so far") {
  InSafeMode with(true);
  with.alert("l-1", 50);
  CHECK(with.node.player().order.empty());
  REQUIRE(with.node.records().size() == 1);
  CHECK(with.node.records()[0].outcome == Outcome::skipped);
  CHECK(with.node.records()[0].reason == "muted");
  CHECK(with.node.last_state().muted);
  with.plan.revision = 102;
  with.plan.settings.mute = false;
  with.node.send_plan(with.plan);
  with.alert("l-2", 51);
  CHECK(with.node.player().order.size() == 1);
  CHECK_FALSE(with.node.last_state().muted);
}

TEST_CASE("in safe mode nobody is muted by a key that was revoked") {
  InSafeMode with(true);
  auto& controller = with.node.controller;
  controller.revoke("k-1", with.node.now());
  ++controller.keys.number;
  with.node.deliver(protocol::keys_topic(), controller.key_set());
  CHECK_FALSE(with.node.run->conductor.settings()->mute);
}
