#include "controller/store/alarms.hpp"
#include "controller/store/log_batches.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/record_proof.hpp"
#include "controller/store/node_troubles.hpp"
#include "protocol/record_chain.hpp"
#include "tests/controller/broadcast/station.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace scheduler = loa::scheduler;
namespace protocol = loa::protocol;

namespace {

/// Records `from`..`to` of a node's log, chained, as one signed batch.
protocol::LogBatch batch_of(const FakeNode& node, std::int64_t from, std::int64_t to) {
  protocol::LogBatch batch;
  batch.node = node.id;
  batch.issued = scheduler::from_ms(1'795'500'000'000);
  batch.log_id = node.state.log_id;
  std::string previous = protocol::first_previous_hash();
  for (std::int64_t number = 1; number <= to; ++number) {
    scheduler::PlayRecord record;
    record.log_id = batch.log_id;
    record.number = number;
    record.previous_hash = previous;
    record.broadcast_id = "b-x";
    record.due = batch.issued + Millis{number * 60000};
    record.occurrence_id = scheduler::occurrence_id("b-x", record.due);
    record.title = "Tin";
    record.started = record.due;
    record.heard_ms = record.planned_ms = 30000;
    record.outcome = scheduler::Outcome::played;
    record.recorded = record.due;
    previous = protocol::record_hash(record);
    if (number >= from) batch.records.push_back(std::move(record));
  }
  return batch;
}

void send(Station& station, const FakeNode& node, const protocol::LogBatch& batch) {
  station.link->deliver(protocol::log_topic(node.id), node.sign(MessageType::log, protocol::encode(batch)));
  station.settle();
}

std::int64_t count(Station& station, const std::string& node = "n-one") {
  return station.store->run_sync([&](store::Session& s) { return store::count_records(s, node); });
}

}  // namespace

TEST_CASE("a log batch is kept and then acknowledged, signed") {
  Station station;
  station.start();
  send(station, station.one, batch_of(station.one, 1, 20));
  CHECK(count(station) == 20);
  const auto ack = station.last_ack(station.one);
  CHECK(ack.log_id == "log-n-one");
  CHECK(ack.number == 20);
  CHECK(ack.areas == station.one.areas);
  CHECK(station.changes.back().kind == "occurrence");
  CHECK(station.changes.back().status == "played");

  SECTION("a resend is acknowledged again, newer in issue time, and adds nothing") {
    const auto changes = station.changes.size();
    send(station, station.one, batch_of(station.one, 1, 20));
    CHECK(count(station) == 20);
    CHECK(station.last_ack(station.one).number == 20);
    CHECK(station.last_ack(station.one).issued > ack.issued);
    CHECK(station.changes.size() == changes);
  }
  SECTION("the acknowledgement stays below a gap until it is filled") {
    send(station, station.one, batch_of(station.one, 31, 40));
    CHECK(station.last_ack(station.one).number == 20);
    send(station, station.one, batch_of(station.one, 21, 30));
    CHECK(station.last_ack(station.one).number == 40);
    CHECK(count(station) == 40);
  }
  SECTION("a restarted controller goes on where it was") {
    station.restart();
    send(station, station.one, batch_of(station.one, 21, 25));
    CHECK(station.last_ack(station.one).number == 25);
  }
  SECTION("a node whose acknowledgement was lost gets it with its next state") {
    const auto acks = station.link->sent_to(protocol::log_ack_topic("n-one")).size();
    station.one.state.log_number = 20;
    station.one.state.log_acked = 10;
    station.say(station.one);
    CHECK(station.link->sent_to(protocol::log_ack_topic("n-one")).size() == acks + 1);
    station.one.state.log_acked = 20;
    station.say(station.one);
    CHECK(station.link->sent_to(protocol::log_ack_topic("n-one")).size() == acks + 1);
  }
  SECTION("a controller that lost records says the lower number") {
    station.one.state.log_number = station.one.state.log_acked = 50;
    station.say(station.one);
    CHECK(station.last_ack(station.one).number == 20);
  }
}

TEST_CASE("what a node did not sign is refused, counted and shown") {
  struct Row {
    const char* name;
    MessageType type;
    std::function<std::pair<std::string, std::string>(Station&)> forge;  ///< topic and payload
    std::string node;
    std::string code;
  };
  const auto log = [](const FakeNode& node) { return protocol::encode(batch_of(node, 1, 2)); };
  const Row rows[] = {
      {"a batch signed by another node", MessageType::log,
       [&](Station& s) {
         return std::pair(protocol::log_topic("n-one"),
                          protocol::sign(MessageType::log, "n-one", log(s.one), s.two.key));
       },
       "n-one", "bad_signature"},
      {"a batch under another node's kid", MessageType::log,
       [&](Station& s) { return std::pair(protocol::log_topic("n-one"), s.two.sign(MessageType::log, log(s.one))); }, "n-one",
       "unknown_key"},
      {"a batch of another node, signed by this one", MessageType::log,
       [&](Station& s) { return std::pair(protocol::log_topic("n-one"), s.one.sign(MessageType::log, log(s.two))); }, "n-one",
       "wrong_audience"},
      {"another type in the envelope", MessageType::log,
       [&](Station& s) {
         return std::pair(protocol::log_topic("n-one"), s.one.sign(MessageType::receipt, log(s.one)));
       },
       "n-one", "wrong_type"},
      {"a state that is not even an envelope", MessageType::state,
       [](Station&) { return std::pair(protocol::state_topic("n-one"), std::string("hello")); }, "n-one", "malformed"},
      {"a state with a field that nobody knows", MessageType::state,
       [](Station& s) {
         auto json = protocol::encode(s.one.state);
         return std::pair(protocol::state_topic("n-one"),
                          s.one.sign(MessageType::state, "{\"mood\":1," + json.substr(1)));
       },
       "n-one", "malformed"},
      {"a state of a node that nobody knows", MessageType::state,
       [](Station& s) {
         FakeNode stranger{"n-stranger", {}};
         return std::pair(protocol::state_topic("n-stranger"), stranger.say(s.clock.now()));
       },
       "n-stranger", "unknown_key"},
      {"a receipt signed by another node", MessageType::receipt,
       [](Station& s) {
         return std::pair(protocol::receipt_topic("n-one"), protocol::sign(MessageType::receipt, "n-one", "{}", s.two.key));
       },
       "n-one", "bad_signature"},
  };
  for (const auto& row : rows) {
    Station station;
    station.start();
    INFO(row.name);
    const auto [topic, payload] = row.forge(station);
    station.link->deliver(topic, payload);
    station.link->deliver(topic, payload);
    const auto refusals = station.refusals();
    REQUIRE(refusals.size() == 1);
    CHECK(refusals[0].node == row.node);
    CHECK(refusals[0].code == row.code);
    CHECK(refusals[0].count == 2);
    CHECK_FALSE(refusals[0].message.empty());
    CHECK(count(station) == 0);
    CHECK(station.link->sent_to(protocol::log_ack_topic("n-one")).empty());
    CHECK(station.heads_to(station.one) == 0);
  }
}

TEST_CASE("an older state said again changes nothing and is refused") {
  Station station;
  station.start();
  const auto old = station.one.say(station.clock.now());
  station.one.state.volume = 70;
  station.say(station.one);
  const auto heads = station.heads_to(station.one);
  station.link->deliver(protocol::state_topic("n-one"), old);
  const auto refusals = station.refusals();
  CHECK(station.heads_to(station.one) == heads);
  CHECK(station.store->run_sync([](store::Session& s) { return store::find_node_state(s, "n-one"); })->state == station.one.state);
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].code == "stale");
}

TEST_CASE("the will of an ended session comes too late once the node is back") {
  Station station;
  station.start();
  station.say(station.one);
  auto gone = station.one.state;
  gone.lifecycle = protocol::Lifecycle::gone;
  gone.sequence = 9'007'199'254'740'991;
  gone.nonce.clear();
  const auto will = station.one.sign(MessageType::state, protocol::encode(gone));
  const auto lifecycle = [&] {
    return station.store->run_sync([](store::Session& s) { return store::find_node_state(s, "n-one"); })->state.lifecycle;
  };
  SECTION("in time it is the node's last word") {
    station.link->deliver(protocol::state_topic("n-one"), will);
    station.settle();
    CHECK(lifecycle() == protocol::Lifecycle::gone);
    CHECK(station.changes.back().status == "gone");
  }
  SECTION("late it is older than the new session") {
    station.one.state.session = "s-2";
    station.one.state.session_number = 2;
    station.one.state.sequence = 0;
    station.say(station.one);
    station.link->deliver(protocol::state_topic("n-one"), will);
    station.settle();
    CHECK(lifecycle() == protocol::Lifecycle::ready);
  }
}

TEST_CASE("a will takes back nothing that its board has said since") {
  struct Row {
    const char* name;
    protocol::Supply before, since;
    bool at_once;  ///< the will comes before what was said last is kept
  };
  const auto row = GENERATE(Row{"the mains failed", protocol::Supply::mains, protocol::Supply::battery, false},
                            Row{"the mains failed just before the end", protocol::Supply::mains, protocol::Supply::battery, true},
                            Row{"the mains came back", protocol::Supply::battery, protocol::Supply::mains, false});
  INFO(row.name);
  Station station;
  station.start();
  auto& one = station.one;
  one.state.supply = row.before;
  auto gone = one.state;
  gone.lifecycle = protocol::Lifecycle::gone;
  gone.sequence = 9'007'199'254'740'991;
  const auto will = one.sign(MessageType::state, protocol::encode(gone));
  station.say(one);
  one.state.supply = row.since;
  one.state.sounding = "b-1@20261125T110000Z";
  station.link->deliver(protocol::state_topic("n-one"), one.say(station.clock.now()));
  if (!row.at_once) station.settle();
  station.link->deliver(protocol::state_topic("n-one"), will);
  station.settle();
  const auto held = *station.store->run_sync([](store::Session& s) { return store::find_node_state(s, "n-one"); });
  CHECK(held.state.lifecycle == protocol::Lifecycle::gone);
  CHECK(held.state.supply == row.since);
  CHECK(held.state.sounding.empty());
  const auto on_battery = station.store->run_sync([](store::Session& s) { return store::nodes_on_battery(s); });
  CHECK(on_battery.size() == (row.since == protocol::Supply::battery ? 1 : 0));
  // A session of which nothing was heard but its will: that is all there is.
  gone.session = "s-2";
  gone.session_number = 2;
  station.link->deliver(protocol::state_topic("n-one"), one.sign(MessageType::state, protocol::encode(gone)));
  station.settle();
  CHECK(station.store->run_sync([](store::Session& s) { return store::find_node_state(s, "n-one"); })->state.supply == row.before);
}

TEST_CASE("a node that misses two state periods is told to be unknown, once, also where its state is retained") {
  Station station;
  station.start();
  station.say(station.one);
  station.changes.clear();
  const auto unknown = [&] {
    int times = 0;
    for (const auto& change : station.changes) times += change.kind == "node" && change.status == "unknown";
    return times;
  };
  station.tick(2 * store::kStatePeriod);
  CHECK(unknown() == 0);
  station.tick(Millis{1000});  // all nodes are looked at once a second
  station.tick(Millis{1000});
  CHECK(unknown() == 1);
  const auto row = [&] { return *station.store->run_sync([](store::Session& s) { return store::find_node_row(s, "n-one"); }); };
  CHECK(store::status_of(row(), station.clock.now()) == store::NodeStatus::unknown);
  SECTION("a newer state that waited at the broker is as old as the node says") {
    const auto said = station.one.say(station.clock.now());
    station.clock.tick(std::chrono::hours(3));
    station.link->deliver(protocol::state_topic("n-one"), said, true);
    station.settle();
    CHECK(store::status_of(row(), station.clock.now()) == store::NodeStatus::unknown);
  }
  SECTION("a live one makes it known again") {
    station.say(station.one);
    CHECK(store::status_of(row(), station.clock.now()) != store::NodeStatus::unknown);
  }
}

TEST_CASE("records whose chain is broken are kept, and the break is shown") {
  Station station;
  station.start();
  auto batch = batch_of(station.one, 1, 3);
  batch.records[1].heard_ms = 1;  // changed after it was hashed into the next
  send(station, station.one, batch);
  CHECK(count(station) == 3);
  CHECK(station.last_ack(station.one).number == 3);
  const auto refusals = station.refusals();
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].code == "broken_chain");
}

TEST_CASE("a flood of batches is bounded, and what was dropped comes with the resend") {
  Station station;
  station.start();
  const int batches = static_cast<int>(Ingest::kMaxBatches + Ingest::kBatchesAtOnce) + 20;
  std::vector<std::string> packets;
  const auto all = batch_of(station.one, 1, batches);
  for (const auto& record : all.records) {
    auto one = all;
    one.records = {record};
    packets.push_back(station.one.sign(MessageType::log, protocol::encode(one)));
  }
  for (const auto& packet : packets) station.link->deliver(protocol::log_topic("n-one"), packet);
  station.settle();
  CHECK(count(station) < batches);
  CHECK(station.last_ack(station.one).number == count(station));
  send(station, station.one, batch_of(station.one, count(station) + 1, batches));
  CHECK(station.last_ack(station.one).number == batches);
}

TEST_CASE("who speaks in a node's name raises an alarm of the node, once, and of its area") {
  Station station;
  station.start();
  struct Row {
    const char* name;
    std::string topic;
    std::string payload;
    store::AlarmKind kind;
    std::string subject;
    std::string area;
  };
  FakeNode stranger{"n-stranger", {}};
  const std::vector<Row> rows{
      {"signed by another key", protocol::log_topic("n-one"), protocol::sign(MessageType::log, "n-one", "{}", station.two.key),
       store::AlarmKind::node_signature, "n-one", station.one.areas.back()},
      {"signed in another name", protocol::log_topic("n-one"), station.two.sign(MessageType::log, "{}"),
       store::AlarmKind::node_signature, "n-one", station.one.areas.back()},
      {"of a board that nobody knows", protocol::state_topic("n-stranger"), stranger.say(station.clock.now()),
       store::AlarmKind::unknown_node, "n-stranger", ""},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto before = station.alarms().size();
    station.link->deliver(row.topic, row.payload);
    station.link->deliver(row.topic, row.payload);
    const auto alarms = station.alarms();
    const auto found = std::find_if(alarms.begin(), alarms.end(), [&](const auto& alarm) { return alarm.kind == row.kind; });
    REQUIRE(found != alarms.end());
    CHECK(found->subject == row.subject);
    CHECK(found->area == row.area);
    CHECK(found->count % 2 == 0);
    CHECK(alarms.size() <= before + 1);
  }
  CHECK(station.alarms().size() == 2);
}

TEST_CASE("what a node sends that is merely malformed is counted and no alarm") {
  Station station;
  station.start();
  station.link->deliver(protocol::state_topic("n-one"), "hello");
  CHECK(station.refusals().size() == 1);
  CHECK(station.alarms().empty());
}

TEST_CASE("a node that has reported and then says nothing is unheard, one that never did is not") {
  Station station;
  station.start();
  station.say(station.one);
  CHECK(station.broadcaster->unheard(std::chrono::hours(12)).empty());
  const auto heard = station.clock.now();
  station.clock.tick(std::chrono::hours(12) + Millis{1});
  const auto unheard = station.broadcaster->unheard(std::chrono::hours(12));
  REQUIRE(unheard.size() == 1);
  CHECK(unheard[0].id == "n-one");
  CHECK(unheard[0].heard == heard);
}

namespace {

store::RecordProof prove(Station& station) {
  return station.store->run_sync([](store::Session& s) { return store::prove(store::read_log_part(s, "n-one", "log-n-one", scheduler::from_ms(4'000'000'000'000))); });
}

std::int64_t broken_records(Station& station) {
  return station.store->run_sync([](store::Session& s) { return store::count_open_alarms(s)[store::AlarmKind::records_broken]; });
}

}  // namespace

TEST_CASE("what a board signed of its log can be proved again from what is kept") {
  Station station;
  station.start();
  send(station, station.one, batch_of(station.one, 1, 20));
  send(station, station.one, batch_of(station.one, 10, 40));
  send(station, station.one, batch_of(station.one, 1, 40));  // repeats only
  const auto proof = prove(station);
  CHECK(proof.proved == 40);
  CHECK(proof.findings.empty());
  const auto kept = station.store->run_sync([](store::Session& s) { return store::list_signed_batches(s, "n-one", "log-n-one", 1, 40); });
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].jws.size() < 300);  // header and signature: the rows are the payload
  CHECK(broken_records(station) == 0);
}

TEST_CASE("a board that goes back on its word keeps its first, and rings") {
  Station station;
  station.start();
  send(station, station.one, batch_of(station.one, 1, 20));
  auto other = batch_of(station.one, 5, 6);
  other.records[0].outcome = scheduler::Outcome::skipped;
  other.records[1].previous_hash = protocol::record_hash(other.records[0]);
  send(station, station.one, other);
  CHECK(count(station) == 20);
  CHECK(broken_records(station) == 1);
  const auto proof = prove(station);
  REQUIRE(proof.findings.size() == 1);
  CHECK(proof.findings[0] == store::ProofFinding{store::ProofFault::contradicted, 5, 6});
  CHECK(proof.proved == 18);
}

TEST_CASE("a payload that the board wrote in another way is kept word for word") {
  Station station;
  station.start();
  auto json = protocol::encode(batch_of(station.one, 1, 3));
  json.insert(1, " ");
  station.link->deliver(protocol::log_topic("n-one"), station.one.sign(MessageType::log, json));
  station.settle();
  CHECK(count(station) == 3);
  CHECK(prove(station).proved == 3);
}

TEST_CASE("the end of a log that a state names is wanted") {
  Station station;
  station.start();
  send(station, station.one, batch_of(station.one, 1, 20));
  station.one.state.log_number = 25;
  station.say(station.one);
  auto logs = station.store->run_sync([](store::Session& s) { return store::list_logs(s, "n-one"); });
  REQUIRE(logs.size() == 1);
  CHECK(logs[0].reported == 25);
  CHECK(logs[0].lacking_since);
  CHECK(prove(station).findings == std::vector<store::ProofFinding>{{store::ProofFault::missing, 21, 25}});
  send(station, station.one, batch_of(station.one, 21, 25));
  logs = station.store->run_sync([](store::Session& s) { return store::list_logs(s, "n-one"); });
  CHECK_FALSE(logs[0].lacking_since);
  CHECK(prove(station).findings.empty());
}
