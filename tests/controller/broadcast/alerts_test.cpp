#include "controller/store/alerts.hpp"
#include "controller/store/occurrences.hpp"
#include "tests/controller/broadcast/station.hpp"

using namespace loa::broadcast;
using namespace std::chrono_literals;
namespace store = loa::store;
namespace protocol = loa::protocol;

namespace {

std::size_t snapshots_of(const Station& station, const std::string& area) { return station.link->sent_to(protocol::alert_topic(area)).size(); }

/// k1 of the whole province signs everything but alerts; k2 signs those of one ward.
std::shared_ptr<const ControllerKeys> keys_of_one_ward(Station& station) {
  auto keys = std::make_shared<ControllerKeys>();
  auto made = make_keys(station.root, 1, "hue", station.clock.now(), {"k1", "k2"});
  keys->root = made->root;
  keys->key_set = made->key_set;
  for (const auto& own : made->working) keys->working.push_back({own.kid, protocol::PrivateKey::from_pem(own.key.to_pem()).value()});
  std::erase(keys->key_set.keys[0].may_sign, MessageType::alert);
  keys->key_set.keys[1].may_sign = {MessageType::alert};
  keys->key_set.keys[1].branch = "hue-19774";
  keys->key_set_jws = protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(keys->key_set), station.root);
  return keys;
}

}  // namespace

TEST_CASE("an area whose alerts nobody may sign keeps nothing else waiting, and is said") {
  Station station;
  station.keys = keys_of_one_ward(station);
  station.start();
  station.say(station.two);
  station.raise_alert("hue-19753");
  CHECK(snapshots_of(station, "hue-19753") == 0);
  CHECK_THAT(station.broadcaster->health().trouble, Catch::Contains("the alerts of hue-19753 are not signed: no working key may sign"));

  const auto alert = station.raise_alert("hue-19774");
  REQUIRE(snapshots_of(station, "hue-19774") == 1);
  CHECK(station.last_alerts("hue-19774").alerts.at(0).id == alert);
  const auto plans = station.plans_to(station.two);
  const auto broadcast = station.schedule("hue-19774");
  CHECK(station.plans_to(station.two) == plans + 1);
  CHECK(station.last_plan(station.two).occurrences.at(0).broadcast_id == broadcast);
  CHECK_THAT(station.broadcaster->health().trouble, Catch::Contains("hue-19753"));

  // It is signed as soon as a key may, also by a controller that started anew.
  const bool restarts = GENERATE(false, true);
  CAPTURE(restarts);
  if (restarts) station.restart();
  station.keys = make_keys(station.root, 2, "hue", station.clock.now());
  station.broadcaster->keys_changed(station.keys);
  station.settle();
  CHECK(station.last_alerts("hue-19753").alerts.size() == 1);
  CHECK(station.broadcaster->health().trouble == "");
}

TEST_CASE("what an alert that repeats until it expires makes expected is written down as it comes") {
  Station station;
  station.start();
  const auto alert = station.raise_alert("hue-19753", 0);
  const auto expected = [&] {
    store::OccurrenceFilter filter;
    filter.roots = {"hue"};
    filter.from = station.clock.now() - 24h;
    filter.until = station.clock.now() + 24h;
    filter.alert = alert;
    filter.node = station.one.id;
    return station.store->run_sync([&](store::Session& s) { return store::list_occurrences(s, filter, station.clock.now()).size(); });
  };
  CHECK(expected() == 60);  // a repeat a minute, an hour ahead
  station.tick(10min);
  CHECK(expected() == 70);
  SECTION("a controller that starts anew goes on") {
    station.restart();
    station.tick(10min);
    CHECK(expected() == 80);
  }
  SECTION("once it is cancelled nothing more comes") {
    station.write([&](store::Transaction& t) { REQUIRE(store::cancel_alert(t, alert)); });
    station.broadcaster->alert_changed("hue-19753");
    station.settle();
    CHECK(expected() <= 11);
    station.tick(2h);
    CHECK(expected() <= 11);
  }
  SECTION("it ends with the alert") {
    for (int hour = 0; hour < 5; ++hour) station.tick(1h);
    CHECK(expected() == 4 * 60);
  }
}

TEST_CASE("an area that could not be signed is tried again by itself") {
  Station station;
  auto early = std::make_shared<ControllerKeys>();
  {
    const auto made = make_keys(station.root, 1, "hue", station.clock.now());
    early->root = made->root;
    early->key_set = made->key_set;
    early->key_set.keys[0].not_before = station.clock.now() + 2s;
    for (const auto& own : made->working) early->working.push_back({own.kid, protocol::PrivateKey::from_pem(own.key.to_pem()).value()});
    early->key_set_jws = protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(early->key_set), station.root);
  }
  station.keys = early;
  station.start();
  station.raise_alert("hue-19753");
  station.tick(3s);
  CHECK(snapshots_of(station, "hue-19753") == 0);
  station.tick(2s);
  CHECK(station.last_alerts("hue-19753").alerts.size() == 1);
}

TEST_CASE("what was confirmed or cancelled is signed, also where the room was never told") {
  struct Row {
    const char* name;
    std::function<void(Station&)> after;
  };
  const std::vector<Row> rows{
      {"the controller was killed right after the commit", [](Station& station) { station.restart(); }},
      {"the connection to the database broke at the commit", [](Station& station) { station.tick(10s); }},
      {"it was killed after trying for long to sign",
       [](Station& station) {
         const auto kept = std::exchange(station.keys, keys_of_one_ward(station));
         station.restart();
         station.tick(1h);
         station.keys = kept;
         station.restart();
       }},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Station station;
    station.start();
    const auto first = station.confirm_alert("hue-19753");
    row.after(station);
    CHECK(station.last_alerts("hue-19753").alerts.at(0).id == first);

    const auto second = station.confirm_alert("hue-19753");
    row.after(station);
    CHECK(station.last_alerts("hue-19753").alerts.size() == 2);

    const auto revision = station.last_alerts("hue-19753").revision;
    station.write([&](store::Transaction& t) { REQUIRE(store::cancel_alert(t, first)); });
    row.after(station);
    const auto snapshot = station.last_alerts("hue-19753");
    CHECK(snapshot.revision > revision);
    REQUIRE(snapshot.alerts.size() == 2);
    for (const auto& alert : snapshot.alerts) CHECK((alert.message == loa::scheduler::AlertMessage::cancel) == (alert.id == first));
  }
}

TEST_CASE("what is held already is not signed again and again, also where more alerts are in force than a snapshot takes") {
  const int alerts = GENERATE(1, 33);
  CAPTURE(alerts);
  Station station;
  station.start();
  for (int i = 0; i < alerts; ++i) {
    station.confirm_alert("hue-19753");
    station.clock.tick(Millis{1});
  }
  station.tick(10s);
  REQUIRE(snapshots_of(station, "hue-19753") == 1);
  for (int i = 0; i < 3; ++i) station.tick(10s);
  CHECK(snapshots_of(station, "hue-19753") == 1);
  station.tick(5h);  // expired
  station.tick(10s);
  CHECK(snapshots_of(station, "hue-19753") == 1);
}
