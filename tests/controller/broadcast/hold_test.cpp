#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "controller/store/alerts.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/receipts.hpp"
#include "controller/store/recovery_hold.hpp"
#include "tests/controller/broadcast/station.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace protocol = loa::protocol;
namespace scheduler = loa::scheduler;

namespace {

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

bool stores_on_files() { return !loa::tests::stores_on_postgresql(); }  // the database is put back by copying its file

}  // namespace

TEST_CASE("a controller on hold publishes nothing but heads and acknowledgements, whatever happens around it") {
  if (!stores_on_files()) return;
  Restored restored;
  auto& station = restored.station;
  CHECK(station.broadcaster->on_hold());
  station.broadcaster->plans_changed({"hue"}, {});
  station.broadcaster->alert_changed("hue-19753");
  station.broadcaster->areas_changed();
  station.broadcaster->keys_changed(station.keys);
  protocol::Order order;
  order.id = "o-one";
  order.node = "n-one";
  order.expires = station.clock.now() + std::chrono::hours(1);
  station.broadcaster->send_order(order);
  station.tick(RetainedTopics::kLongest);
  for (int day = 0; day < 3; ++day) station.tick(std::chrono::hours(24));
  station.link->drop("gone");
  station.link->connect();
  for (const auto& [topic, payload] : restored.retained) station.link->deliver(topic, payload, true);
  station.link->deliver(protocol::state_topic("n-nobody"), "anything", true);
  station.tick(RetainedTopics::kLongest);
  CHECK(restored.published() == std::set<std::string>{protocol::head_topic("n-one")});
}

TEST_CASE("a head of a controller on hold names what the node itself holds and nothing else") {
  if (!stores_on_files()) return;
  Restored restored;
  auto& station = restored.station;
  const auto& state = station.one.state;
  auto head = station.last_head(station.one);
  CHECK(head.nonce == state.nonce);
  CHECK(head.plan_revision == restored.plan_after);
  CHECK(head.key_set == 1);
  CHECK(head.areas == state.areas);
  // A node that reports more than could be is told no more than it says itself.
  station.one.state.plan_highest = restored.plan_after + 90'000'000'000;
  station.say(station.one);
  CHECK(station.last_head(station.one).plan_revision == station.one.state.plan_highest);
}

TEST_CASE("a node that says no chain of areas gets no head during a hold") {
  if (!stores_on_files()) return;
  Restored restored;
  auto& station = restored.station;
  const auto before = station.heads_to(station.one);
  station.one.state.areas.clear();
  station.say(station.one);
  CHECK(station.heads_to(station.one) == before);
}

TEST_CASE("records that come during a hold are kept and acknowledged, from where the backup ends") {
  if (!stores_on_files()) return;
  Restored restored;
  auto& station = restored.station;
  station.one.state.log_number = station.one.state.log_acked = 2;
  station.say(station.one);
  CHECK(station.last_ack(station.one).number == 0);  // lower than the node was told: it sends again
  protocol::LogBatch batch;
  batch.node = "n-one";
  batch.issued = station.clock.now();
  batch.log_id = station.one.state.log_id;
  for (int i = 1; i <= 2; ++i) {
    scheduler::PlayRecord record;
    record.log_id = batch.log_id;
    record.number = i;
    record.previous_hash = std::string(64, '0');
    record.occurrence_id = "b-unknown@2026112" + std::to_string(i) + "T220000Z";
    record.broadcast_id = "b-unknown";
    record.recorded = batch.issued;
    batch.records.push_back(record);
  }
  station.link->deliver(protocol::log_topic("n-one"), station.one.sign(MessageType::log, protocol::encode(batch)));
  station.settle();
  CHECK(station.last_ack(station.one).number == 2);
  CHECK(station.store->run_sync([](store::Session& s) { return store::count_records(s, "n-one"); }) == 2);
}

TEST_CASE("a controller on hold finds what the broker retains of the time that it does not know") {
  if (!stores_on_files()) return;
  Restored restored;
  const auto& findings = restored.station.broadcaster->findings();
  std::set<std::string> broadcasts;
  for (const auto& [id, one] : findings.occurrences()) {
    broadcasts.insert(one.broadcast);
    CHECK(one.nodes == std::set<std::string>{"n-one"});
    CHECK(one.area == "hue-19753");
  }
  CHECK(broadcasts == std::set<std::string>{restored.known, restored.added});
  REQUIRE(findings.alerts().contains("hue-19753"));
  const auto& alerts = findings.alerts().at("hue-19753").alerts;
  REQUIRE(alerts.size() == 1);
  CHECK(alerts[0].id == restored.alert);
  CHECK(alerts[0].message == scheduler::AlertMessage::cancel);
  CHECK_FALSE(findings.higher_key_set());
  CHECK(findings.whole());
}

TEST_CASE("what a stranger left on the broker is not believed") {
  if (!stores_on_files()) return;
  Restored restored;
  auto& station = restored.station;
  const auto strangers = make_keys(protocol::PrivateKey::generate(), 9, "hue", station.clock.now());
  const auto before = station.broadcaster->findings().occurrences().size();
  const auto topic = protocol::plan_topic("n-two");
  for (const auto& packet : {strangers->key_set_jws, std::string("rubbish"), restored.retained.at(protocol::plan_topic("n-one"))}) {
    station.link->deliver(topic, packet, true);
    station.link->deliver(protocol::keys_topic(), packet, true);
    station.link->deliver(protocol::alert_topic("hue"), packet, true);
  }
  CHECK(station.broadcaster->findings().occurrences().size() == before);
  CHECK(station.broadcaster->findings().key_set() == 1);
}

TEST_CASE("after the hold everything is signed above what nodes were told, and nothing is heard that should not be") {
  if (!stores_on_files()) return;
  Restored restored;
  auto& station = restored.station;
  const auto alerts_before = station.one.state.areas[1].alert_revision;
  restored.end_hold();
  CHECK_FALSE(station.broadcaster->on_hold());
  const auto plan = station.last_plan(station.one);
  CHECK(plan.revision > restored.plan_after);
  for (const auto& occurrence : plan.occurrences) CHECK(occurrence.broadcast_id == restored.known);
  const auto alerts = station.last_alerts("hue-19753");
  CHECK(alerts.revision > alerts_before);
  REQUIRE(alerts.alerts.size() == 1);
  CHECK(alerts.alerts[0].message == scheduler::AlertMessage::cancel);
  CHECK(station.last_head(station.one).plan_revision == plan.revision);
  CHECK(station.plans_to(station.two) == 1);
  // Then the broker is made equal to it, and what it still has of the old time goes.
  for (const auto& [topic, payload] : restored.retained) station.link->deliver(topic, payload, true);
  station.tick(RetainedTopics::kLongest);
  CHECK(station.last_plan(station.one).revision == plan.revision);
}

TEST_CASE("after the hold every node is asked for its records once, from the first that is missing") {
  if (!stores_on_files()) return;
  Restored restored;
  auto& station = restored.station;
  station.one.state.log_number = 7;
  station.say(station.one);
  restored.end_hold();
  const auto sent = station.link->sent_to(protocol::order_topic("n-one"));
  REQUIRE(sent.size() == 1);
  const auto order = protocol::decode_order(station.verified(MessageType::order, station.one, sent[0]), "n-one").value();
  CHECK(order.kind == protocol::OrderKind::report);
  CHECK(order.from_number == 1);
  station.restart();
  station.say(station.one);
  const auto again = station.link->sent_to(protocol::order_topic("n-one"));
  REQUIRE_FALSE(again.empty());
  CHECK(protocol::decode_order(station.verified(MessageType::order, station.one, again[0]), "n-one")->id == order.id);
}

TEST_CASE("an alert of the backup ends with the hold unless it was kept, and then sounds above what nodes were told") {
  if (!stores_on_files()) return;
  for (const bool cancelled : {true, false}) {
    INFO((cancelled ? "cancelled meanwhile" : "still in force"));
    Restored restored(cancelled);
    auto& station = restored.station;
    const auto seen = cancelled ? 2 : 0;
    station.write([&](store::Transaction& t) { REQUIRE(store::keep_alert(t, restored.alert, seen)); });
    restored.end_hold();
    const auto alerts = station.last_alerts("hue-19753").alerts;
    REQUIRE(alerts.size() == 1);
    CHECK(alerts[0].message != scheduler::AlertMessage::cancel);
    CHECK(alerts[0].revision == (cancelled ? 3 : 1));
  }
}

TEST_CASE("a hold that ends while nobody is there to sign is followed by all that its end means, once the broker was looked at") {
  if (!stores_on_files()) return;
  struct Row {
    const char* name;
    std::function<void(Restored&)> end;
  };
  const auto end_in_store = [](Restored& restored) { restored.station.write([](store::Transaction& t) { REQUIRE(store::end_recovery_hold(t)); }); };
  const std::vector<Row> rows{
      {"ended by command while the controller is stopped",
       [&](Restored& restored) {
         restored.station.close();
         restored.station.open();
         end_in_store(restored);
         restored.station.start();
       }},
      {"killed between the end and what follows",
       [&](Restored& restored) {
         end_in_store(restored);
         restored.station.restart();
       }},
      {"killed right after, and once more before the look is over",
       [&](Restored& restored) {
         end_in_store(restored);
         restored.station.restart();
         restored.station.restart();
       }},
  };
  for (const auto& row : rows)
    for (const bool kept : {false, true}) {
      INFO(row.name << (kept ? ", kept" : ", not kept"));
      Restored restored(false);
      auto& station = restored.station;
      const auto alerts_before = station.one.state.areas[1].alert_revision;
      if (kept) station.write([&](store::Transaction& t) { REQUIRE(store::keep_alert(t, restored.alert, 0)); });
      station.one.state.log_number = 7;
      row.end(restored);
      restored.show();
      CHECK(restored.published() == std::set<std::string>{protocol::head_topic("n-one")});
      CHECK(station.last_head(station.one).plan_revision == restored.plan_after);

      station.tick(RetainedTopics::kLongest);
      CHECK_FALSE(station.broadcaster->on_hold());
      const auto plan = station.last_plan(station.one);
      CHECK(plan.revision > restored.plan_after);
      for (const auto& occurrence : plan.occurrences) CHECK(occurrence.broadcast_id == restored.known);
      CHECK(station.last_head(station.one).plan_revision == plan.revision);
      const auto alerts = station.last_alerts("hue-19753");
      CHECK(alerts.revision > alerts_before);
      REQUIRE(alerts.alerts.size() == 1);
      CHECK((alerts.alerts[0].message == scheduler::AlertMessage::cancel) == !kept);
      const auto orders = station.link->sent_to(protocol::order_topic("n-one"));
      REQUIRE_FALSE(orders.empty());
      const auto order = protocol::decode_order(station.verified(MessageType::order, station.one, orders.back()), "n-one").value();
      CHECK(order.kind == protocol::OrderKind::report);
      CHECK(order.from_number == 1);

      // That was all: the next start signs nothing anew.
      station.restart();
      CHECK_FALSE(station.broadcaster->on_hold());
      station.tick(RetainedTopics::kLongest);
      CHECK(station.last_plan(station.one).revision == plan.revision);
      CHECK(station.last_alerts("hue-19753").revision == alerts.revision);
    }
}

TEST_CASE("an alert and an order that come before the look at the broker is over go out with its end") {
  if (!stores_on_files()) return;
  Restored restored;
  auto& station = restored.station;
  station.close();
  station.open();
  station.write([](store::Transaction& t) { REQUIRE(store::end_recovery_hold(t)); });
  station.start(false);
  station.tick(RetainedTopics::kLongest);  // without a broker nothing was looked at
  CHECK(station.broadcaster->on_hold());
  CHECK_FALSE(station.broadcaster->health().on_hold);
  protocol::Order order;
  order.id = "o-one";
  order.node = "n-one";
  order.issued = station.clock.now();
  order.expires = order.issued + std::chrono::hours(1);
  order.kind = protocol::OrderKind::stop;
  order.areas = station.one.areas;
  station.write([&](store::Transaction& t) { add_order(t, order); });
  station.broadcaster->send_order(order);
  const auto alert = station.raise_alert("hue-19774");
  station.link->connect();
  restored.show();
  CHECK(station.link->sent_to(protocol::order_topic("n-one")).empty());
  CHECK(station.link->sent_to(protocol::alert_topic("hue-19774")).empty());
  station.tick(RetainedTopics::kLongest);
  std::set<std::string> sent;
  for (const auto& one : station.link->sent_to(protocol::order_topic("n-one")))
    sent.insert(protocol::decode_order(station.verified(MessageType::order, station.one, one), "n-one")->id);
  CHECK(sent.contains("o-one"));
  CHECK(station.last_alerts("hue-19774").alerts.at(0).id == alert);
}

TEST_CASE("a hold whose end was committed without that the room was told ends all the same") {
  if (!stores_on_files()) return;
  Restored restored;
  auto& station = restored.station;
  restored.show();
  station.write([](store::Transaction& t) { REQUIRE(store::end_recovery_hold(t)); });
  station.tick(std::chrono::seconds(10));
  CHECK_FALSE(station.broadcaster->on_hold());
  CHECK(station.last_plan(station.one).revision > restored.plan_after);
}

TEST_CASE("a hold lasts over a restart of the controller") {
  if (!stores_on_files()) return;
  Restored restored;
  auto& station = restored.station;
  station.restart();
  for (const auto& [topic, payload] : restored.retained) station.link->deliver(topic, payload, true);
  station.say(station.one);
  station.tick(RetainedTopics::kLongest);
  CHECK(station.broadcaster->on_hold());
  CHECK(restored.published() == std::set<std::string>{protocol::head_topic("n-one")});
  restored.end_hold();
  CHECK(station.last_plan(station.one).revision > restored.plan_after);
}

TEST_CASE("a key set on the broker that the root signed and that is higher stays there, on hold or not, and is handed over") {
  if (!stores_on_files()) return;
  for (const bool on_hold : {true, false}) {
    INFO((on_hold ? "on hold" : "not on hold"));
    Station station;
    if (on_hold) station.write([](store::Transaction& t) { store::begin_recovery_hold(t, "restored", std::nullopt); });
    station.start(false);
    std::vector<std::string> handed;
    station.broadcaster->on_higher_key_set([&](const std::string& jws) { handed.push_back(jws); });
    station.link->connect();
    const auto newer = make_keys(station.root, 5, "hue", station.clock.now(), {"k5"});
    station.link->deliver(protocol::keys_topic(), newer->key_set_jws, true);
    const auto from = station.link->sent.size();
    station.tick(RetainedTopics::kLongest);
    CHECK(handed == std::vector<std::string>{newer->key_set_jws});
    CHECK(station.broadcaster->health().key_set_seen == 5);
    for (auto i = from; i < station.link->sent.size(); ++i) CHECK(station.link->sent[i].topic != protocol::keys_topic());
  }
}

TEST_CASE("a key set number that a node reports is seen, although it proves nothing") {
  Station station;
  station.start();
  station.one.state.key_set = 8;
  station.say(station.one);
  CHECK(station.broadcaster->health().key_set_seen == 8);
  CHECK(station.broadcaster->findings().key_set() == 1);
}
