#pragma once
#include <filesystem>
#include <map>
#include <set>

#include "controller/store/alerts.hpp"
#include "controller/store/recovery_hold.hpp"
#include "tests/controller/broadcast/station.hpp"

namespace loa::broadcast {

/// A controller that was restored from a backup: `before` is what its database holds, and the broker has what was signed `after`.
struct Restored {
  Station station;
  std::map<std::string, std::string> retained;
  std::string known, added, alert;
  std::int64_t plan_after = 0;

  explicit Restored(bool cancel_alert = true) {
    station.one.state.areas = {{"hue", 0}, {"hue-19753", 0}};
    station.start();
    station.tick(RetainedTopics::kLongest);
    known = station.schedule("hue-19753");
    alert = station.raise_alert("hue-19753");
    station.say(station.one);
    const auto before = station.folder.path() / "before.db";
    station.close();
    std::filesystem::copy_file(station.folder / "loa.db", before);
    station.open();
    station.start();
    station.tick(std::chrono::hours(1));
    added = station.schedule("hue-19753", "FREQ=DAILY;COUNT=5");
    if (cancel_alert) {
      station.write([&](store::Transaction& t) { REQUIRE(store::cancel_alert(t, alert)); });
      station.broadcaster->alert_changed("hue-19753");
      station.settle();
    }
    station.say(station.one);
    plan_after = station.last_plan(station.one).revision;
    station.one.state.plan_held = station.one.state.plan_verified = station.one.state.plan_highest = plan_after;
    station.one.state.key_set = 1;
    station.one.state.areas = {{"hue", 0}, {"hue-19753", station.last_alerts("hue-19753").revision}};
    retained = station.retained();
    station.close();
    std::filesystem::copy_file(before, station.folder / "loa.db", std::filesystem::copy_options::overwrite_existing);
    station.clock.tick(std::chrono::minutes(10));
    station.open();
    station.write([](store::Transaction& t) { store::begin_recovery_hold(t, "restored from a backup", std::nullopt); });
    station.start();
    for (const auto& [topic, payload] : retained) station.link->deliver(topic, payload, true);
    station.say(station.one);
  }
  /// Every topic on which something was published since, but what a controller on hold may say.
  std::set<std::string> published() const {
    std::set<std::string> topics;
    for (const auto& sent : station.link->sent)
      if (sent.topic != protocol::controller_state_topic()) topics.insert(sent.topic);
    return topics;
  }
  /// As a broker does after the first connect, and a node that is there.
  void show() {
    for (const auto& [topic, payload] : retained) station.link->deliver(topic, payload, true);
    station.say(station.one);
  }
  void end_hold() {
    station.write([](store::Transaction& t) { REQUIRE(store::end_recovery_hold(t)); });
    station.broadcaster->resume();
    station.settle();
  }
};

inline bool stores_on_files() { return !loa::tests::stores_on_postgresql(); }  // the database is put back by copying its file

}  // namespace loa::broadcast
