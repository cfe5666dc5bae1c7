#include <catch2/catch.hpp>

#include <fstream>
#include <stdexcept>

#include "node-firmware/heard_alerts.hpp"
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
  /// The next run, of the normal mode or of the safe one, with a plan that holds nothing.
  void restart(const std::string& safe_mode) {
    plan.occurrences.clear();
    ++plan.revision;
    node.send_plan(plan);
    node.kill();
    node.safe_mode = safe_mode;
    node.boot();
    node.connect();
    node.send_head(plan.revision);
  }
  /// The alerts of the area are sent as they stand, as the broker does after each start.
  void again(std::int64_t revision, const std::vector<scheduler::Alert>& alerts) {
    node.alert_revisions["hue"] = revision;
    node.deliver(protocol::alert_topic("hue"), node.controller.alert(node.snapshot(revision, alerts)));
    node.pass(20s);
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

TEST_CASE("what the one mode let be heard of an alert the other does not sound again, and its next repeat sounds") {
  InSafeMode with(false);
  auto alert = with.node.alert("l-1", 5s);
  alert.repeats = 2;
  with.again(50, {alert});
  REQUIRE(with.node.player().order.size() == 1);
  REQUIRE(with.node.records().size() == 1);

  with.restart("");
  with.again(51, {alert});
  CHECK(with.node.player().order.empty());
  CHECK(with.node.records().empty());  // the one record stands in the log of the mode that made it

  auto other = with.node.alert("l-2", 5s);
  with.again(52, {alert, other});
  CHECK(with.node.player().order.size() == 1);
  with.restart("died 5 times");
  with.again(53, {alert, other});
  CHECK(with.node.player().order.empty());
  CHECK(with.node.records().size() == 1);
  with.node.pass(10min);
  CHECK(with.node.player().order.size() == 1);
  REQUIRE(with.node.records().size() == 2);
  CHECK(with.node.records()[1].occurrence_id == "l-1.1.2");
}

TEST_CASE("words about heard alerts that are damaged change nothing, and the alert is heard") {
  for (const std::string text : {"", "[]", "{", R"({"l-1.1.1":"heard"})", R"({"l-2.1.1":"played","l-1.1.1":1})"}) {
    scheduler::History history;
    CHECK_THROWS_AS(node::read_heard(text, history), std::invalid_argument);
    CHECK(history.occurrences.empty());
  }
  InSafeMode with(false);
  with.node.kill();
  std::ofstream(with.node.state_folder / "heard-alerts.json") << "{";
  with.node.boot();
  with.node.connect();
  with.node.send_head(101);
  with.alert("l-1", 50);
  CHECK(with.node.player().order.size() == 1);
}

TEST_CASE("of an alert that repeats for days only the newest soundings are told of") {
  scheduler::History history;
  scheduler::Alert alert;
  alert.id = "l-1";
  for (int repeat = 1; repeat <= 100; ++repeat) history.occurrences["l-1.1." + std::to_string(repeat)].outcome = Outcome::played;
  history.occurrences["l-1.1.101"].first_started = scheduler::from_ms(1);
  history.occurrences["l-9.1.1"].outcome = Outcome::played;
  scheduler::History other;
  other.occurrences["l-1.1.100"].first_started = scheduler::from_ms(1);
  node::read_heard(node::write_heard(history, {alert}), other);
  CHECK(other.occurrences.size() == node::kHeardOfAlert);
  CHECK(other.occurrences.at("l-1.1.76").outcome == Outcome::played);
  CHECK_FALSE(other.occurrences.at("l-1.1.100").outcome);  // it goes on
}
