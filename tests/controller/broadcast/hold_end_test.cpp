#include <functional>

#include "controller/store/receipts.hpp"
#include "tests/controller/broadcast/restored.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace protocol = loa::protocol;
namespace scheduler = loa::scheduler;

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
