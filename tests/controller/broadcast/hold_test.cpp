#include "controller/store/play_records.hpp"
#include "tests/controller/broadcast/restored.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace protocol = loa::protocol;
namespace scheduler = loa::scheduler;

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
