#include <algorithm>
#include <atomic>
#include <boost/asio/detached.hpp>
#include <mutex>
#include <thread>

#include "controller/store/alerts.hpp"
#include "controller/store/occurrences.hpp"
#include "controller/store/sql.hpp"
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
  CHECK(expected() == 10);  // a repeat a minute, ten minutes ahead
  station.tick(10min);
  CHECK(expected() == 20);
  SECTION("a controller that starts anew goes on") {
    station.restart();
    station.tick(10min);
    CHECK(expected() == 30);
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

TEST_CASE("an alert that no node could read keeps no other of its area from going out, being cancelled or being updated, and is said") {
  Station station;
  station.start();
  const auto before = station.raise_alert("hue-19753");
  station.confirm_alert("hue-19753", 1, "vi_VN");
  station.cancel_alert("hue-19753", before);
  REQUIRE(station.last_alerts("hue-19753").alerts.size() == 1);
  CHECK(station.last_alerts("hue-19753").alerts[0].message == loa::scheduler::AlertMessage::cancel);
  const auto after = station.raise_alert("hue-19753");
  const auto snapshot = station.last_alerts("hue-19753");
  REQUIRE(snapshot.alerts.size() == 2);
  CHECK(std::any_of(snapshot.alerts.begin(), snapshot.alerts.end(), [&](const auto& one) { return one.id == after; }));
  CHECK_THAT(station.broadcaster->health().trouble, Catch::Contains("of hue-19753 goes to no node") && Catch::Contains("/language"));

  // What is left out is no reason to sign again and again.
  station.tick(10s);  // what the broker was found to lack is published anew
  const auto signed_so_far = snapshots_of(station, "hue-19753");
  for (int i = 0; i < 3; ++i) station.tick(10s);
  CHECK(snapshots_of(station, "hue-19753") == signed_so_far);
  station.tick(5h);
  station.raise_alert("hue-19753");
  CHECK(station.broadcaster->health().trouble == "");
}

TEST_CASE("an alert in force stays in the snapshot, however many are made and cancelled after it") {
  Station station;
  station.start();
  const auto lasting = station.raise_alert("hue-19753", 0);
  for (int i = 0; i < 33; ++i) {
    station.clock.tick(1s);
    const auto brief = station.confirm_alert("hue-19753");
    station.write([&](store::Transaction& t) { REQUIRE(store::cancel_alert(t, brief)); });
  }
  station.broadcaster->alert_changed("hue-19753");
  station.settle();
  const auto snapshot = station.last_alerts("hue-19753");
  CHECK(snapshot.alerts.size() == protocol::kMaxAlerts);
  REQUIRE(snapshot.alerts[0].id == lasting);
  CHECK(snapshot.alerts[0].message == loa::scheduler::AlertMessage::alert);
  station.tick(10s);
  const auto signed_so_far = snapshots_of(station, "hue-19753");
  station.tick(10s);
  CHECK(snapshots_of(station, "hue-19753") == signed_so_far);
}

TEST_CASE("an alert is signed before plans that have waited for the store longer") {
  Station station;
  station.start();
  station.add_schedule("hue-19753");
  const auto alert = station.confirm_alert("hue-19753");
  std::mutex gate;
  std::unique_lock closed(gate);
  std::atomic<bool> held = false;
  auto hold = [&](store::Session&) {
    held = true;
    const std::lock_guard pass(gate);
  };
  boost::asio::co_spawn(station.loop, station.store->run(std::move(hold)), boost::asio::detached);
  station.loop.restart();
  station.loop.poll();
  while (!held) std::this_thread::yield();
  station.broadcaster->plans_changed({"hue-19753"}, {});
  REQUIRE(loa::tests::run_until(station.loop, [&] { return station.store->waiting() == 1; }));
  station.broadcaster->alert_changed("hue-19753");
  REQUIRE(loa::tests::run_until(station.loop, [&] { return station.store->waiting() == 2; }));
  const auto sent = station.link->sent.size();
  closed.unlock();
  station.settle();
  const auto& all = station.link->sent;
  const auto place = [&](const std::string& topic) {
    return std::find_if(all.begin() + static_cast<std::ptrdiff_t>(sent), all.end(), [&](const auto& one) { return one.topic == topic; });
  };
  CHECK(station.last_alerts("hue-19753").alerts.at(0).id == alert);
  REQUIRE(place(protocol::plan_topic(station.one.id)) != all.end());
  CHECK(place(protocol::alert_topic("hue-19753")) < place(protocol::plan_topic(station.one.id)));
}

TEST_CASE("what an alert makes expected in a large province is written down in turns") {
  Station station;
  station.write([](store::Transaction& t) {
    for (int i = 0; i < 400; ++i) store::add_node(t, store::Province::node("n-" + std::to_string(i), "c-" + std::to_string(i), "hue-19753"));
  });
  station.confirm_alert("hue", 0);
  Expectations expectations;
  const auto turn = [&] {
    return station.write([&](store::Transaction& t) { return expect_soundings(t, expectations, station.clock.now()); });
  };
  const auto rows = [&] {
    return station.store->run_sync([](store::Session& s) { return *store::sql::value<std::int64_t>(s, "select count(*) from occurrences"); });
  };
  CHECK(turn());
  CHECK(rows() == 3 * 402);
  int turns = 1;
  while (turn()) ++turns;
  CHECK(turns == 3);
  CHECK(rows() == 10 * 402);
  CHECK_FALSE(turn());
  CHECK(rows() == 10 * 402);
}

TEST_CASE("a new revision of an alert is expected in place of what the one before would still have sounded") {
  Station station;
  const auto id = station.confirm_alert("hue-19753", 0);
  Expectations expectations;
  const auto expect = [&] {
    station.write([&](store::Transaction& t) { return expect_soundings(t, expectations, station.clock.now()); });
  };
  const auto count = [&](const std::string& what) {
    return station.store->run_sync([&](store::Session& s) {
      return *store::sql::value<std::int64_t>(s, "select count(*) from occurrences where withdrawn = 0 and id like '" + id + what + "'");
    });
  };
  expect();
  const auto first = count(".1.%");
  REQUIRE(first > 3);
  station.clock.tick(150s);
  station.write([&](store::Transaction& t) { store::sql::execute(t.session(), "update alerts set revision = 2 where id = :id", store::sql::params(id)); });
  expect();
  CHECK(count(".1.%") == 3);  // due already: what came of them is still to be told
  CHECK(count(".2.%") > 3);
  const auto second = count(".2.%");
  expect();
  CHECK(count(".2.%") == second);

  Expectations after_a_restart;
  station.write([&](store::Transaction& t) { return expect_soundings(t, after_a_restart, station.clock.now()); });
  CHECK(count(".2.%") == second);
  CHECK(after_a_restart == expectations);
}

TEST_CASE("work that fails on and on keeps no other work waiting") {
  Station station;
  station.start();
  station.say(station.two);
  const auto alert = station.raise_alert("hue-19753");
  // What alerts make expected cannot be read any more.
  station.write([&](store::Transaction& t) { store::sql::execute(t.session(), "update alerts set speech = 'odd' where id = :id", store::sql::params(alert)); });
  station.clock.tick(1min);
  station.broadcaster->tick();
  REQUIRE(loa::tests::run_until(station.loop, [&] { return !station.broadcaster->health().trouble.empty(); }));

  station.add_schedule("hue-19774");
  station.broadcaster->plans_changed({"hue-19774"}, {});
  CHECK(loa::tests::run_until(station.loop, [&] { return !station.last_plan(station.two).occurrences.empty(); }));
  station.confirm_alert("hue-19774");
  station.broadcaster->alert_changed("hue-19774");
  CHECK(loa::tests::run_until(station.loop, [&] { return snapshots_of(station, "hue-19774") == 1; }));
  station.rest();
}
