#include "controller/store/alarms.hpp"
#include "tests/controller/broadcast/logs.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace protocol = loa::protocol;

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
