#include <catch2/catch.hpp>

#include "listener.hpp"

using namespace loa;
using namespace loa::tests;

namespace {

// A broadcast of five minutes 10 s from now, at 21:30 local time; the plan's settings are the test's.
struct Wanted : Listener {
  Wanted() {
    auto occurrence = node.occurrence("b-1", node.now() + 10s, 5min);
    names[occurrence.items[0].sha256] = "clip";
    plan = node.plan(100);
    plan.occurrences = {occurrence};
  }
  void send() {
    ++plan.revision;
    node.send_plan(plan);
  }
  void mute(bool wanted = true) {
    plan.settings.mute = wanted;
    send();
  }
  /// Without the network, until it is connected.
  void restart() {
    node.kill();
    known.clear();
    node.boot();
  }
  /// An alert that waits at the broker, with a head that names a plan which the node lacks.
  void alert_with_coming_plan() {
    auto one = alert("l-1");
    fetched(one);
    node.deliver(protocol::alert_topic("hue"), node.controller.alert(node.snapshot(60, {one})), true);
    node.alert_revisions["hue"] = 60;
    node.send_head(plan.revision + 1);
  }
  scheduler::Alert raise() {
    auto one = alert("l-1");
    fetched(one);
    deliver({one});
    return one;
  }
  int volume() { return node.player().tracks.empty() ? -1 : node.player().tracks.begin()->second.track.volume; }
  scheduler::Plan plan;
};

struct Row {
  const char* name;
  std::function<void(Wanted&)> act;
  std::string heard;
  std::string records;
};

const std::vector<Row> kRows{
    {"mute cuts an alert that sounds",
     [](Wanted& w) {
       w.plan.occurrences.clear();
       w.send();
       w.raise();
       w.listen(5s);
       w.mute();
       w.listen(5s);
     },
     "tone own", "l-1.1.1 partial muted 5/9"},
    {"mute holds after a restart without the network",
     [](Wanted& w) {
       w.mute();
       w.restart();
       w.listen(1min);
     },
     "", "b-1@20260921T143010Z skipped muted 0/300"},
    {"mute holds after a restart for alerts too",
     [](Wanted& w) {
       w.plan.occurrences.clear();
       w.mute();
       w.restart();
       w.node.connect();
       w.raise();
       w.listen(1min);
     },
     "", "l-1.1.1 skipped muted 0/6"},
    {"mute reaches a node that was away while it sounds",
     [](Wanted& w) {
       w.send();
       w.node.link().drop("cut");
       w.listen(30s);
       w.node.connect();
       w.mute();
       w.listen(5s);
     },
     "clip", "b-1@20260921T143010Z partial muted 20/300"},
    {"mute holds while the clock is not known",
     [](Wanted& w) {
       w.plan.occurrences.clear();
       w.mute();
       w.node.time.synced = false;
       w.node.time.boot = "boot-2";
       w.restart();
       w.node.connect();
       CHECK(w.node.last_state().clock == scheduler::ClockQuality::untrusted);
       w.raise();
       w.listen(1min);
     },
     "", "l-1.1.1 skipped muted 0/6"},
    {"a mute set while a node was away comes before an alert that waits with it",
     [](Wanted& w) {
       w.plan.occurrences.clear();
       w.alert_with_coming_plan();
       w.listen(1s);
       w.mute();
       w.listen(20s);
     },
     "", "l-1.1.1 skipped muted 0/6"},
    {"a plan that does not come holds an alert up for five seconds",
     [](Wanted& w) {
       w.alert_with_coming_plan();
       w.listen(4s);
       CHECK(w.heard == "");
       w.listen(20s);
     },
     "tone own", "l-1.1.1 played  9/9"},
    {"once mute ends the next sounds",
     [](Wanted& w) {
       w.mute();
       w.listen(20s);
       w.mute(false);
       w.raise();
       w.listen(20s);
     },
     "tone own", "b-1@20260921T143010Z skipped muted 0/300; l-1.1.1 played  9/9"},
    {"a volume by hour changes what sounds when its hour begins and ends",
     [](Wanted& w) {
       w.plan.settings.volume = 80;
       w.plan.settings.volume_by_hour = {{21 * 60 + 31, 21 * 60 + 33, 30}};
       w.send();
       w.listen(50s);
       CHECK(w.volume() == 80);
       w.listen(15s);
       CHECK(w.volume() == 30);
       w.listen(2min);
       CHECK(w.volume() == 80);
       w.listen(3min);
     },
     "clip", "b-1@20260921T143010Z played  300/300"},
    {"alerts have a volume of their own, which the hour does not change",
     [](Wanted& w) {
       w.plan.occurrences.clear();
       w.plan.settings.volume = 20;
       w.plan.settings.volume_by_hour = {{21 * 60, 22 * 60, 10}};
       w.plan.settings.alert_volume = 90;
       w.send();
       w.raise();
       w.listen(4s);
       CHECK(w.volume() == 90);
       w.plan.settings.alert_volume = 60;
       w.send();
       w.listen(1s);
       CHECK(w.volume() == 60);
       w.listen(10s);
     },
     "tone own", "l-1.1.1 played  9/9"},
};

}  // namespace

TEST_CASE("a node does as its commune wants it to sound, whatever happens to it") {
  for (const auto& row : kRows) {
    DYNAMIC_SECTION(row.name) {
      Wanted wanted;
      row.act(wanted);
      CHECK(wanted.heard == row.heard);
      CHECK(wanted.records() == row.records);
    }
  }
}
