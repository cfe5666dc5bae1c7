#include "controller/store/node_troubles.hpp"
#include "tests/controller/broadcast/station.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace protocol = loa::protocol;

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
