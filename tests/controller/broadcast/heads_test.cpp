#include "controller/store/alerts.hpp"
#include "controller/store/occurrences.hpp"
#include "controller/store/plans.hpp"
#include "tests/controller/broadcast/station.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace scheduler = loa::scheduler;
namespace protocol = loa::protocol;

TEST_CASE("a head answers each new nonce, once") {
  Station station;
  station.start();
  station.say(station.one);
  const auto head = station.last_head(station.one);
  CHECK(head.nonce == station.one.state.nonce);
  CHECK(head.plan_revision == station.last_plan(station.one).revision);
  CHECK(head.key_set == 1);
  REQUIRE(head.areas.size() == 2);
  CHECK(head.areas[1].area == "hue-19753");
  CHECK(station.heads_to(station.one) == 1);
  CHECK(station.heads_to(station.two) == 0);

  station.say(station.one);
  CHECK(station.heads_to(station.one) == 2);
  CHECK(station.last_head(station.one).nonce == station.one.state.nonce);
  CHECK(station.last_head(station.one).issued > head.issued);
  for (const auto& sent : station.link->sent)
    if (sent.topic == protocol::head_topic("n-one")) CHECK_FALSE(sent.retained);
}

TEST_CASE("a state that is known already is answered only where nobody did") {
  Station station;
  station.start();
  const auto said = station.one.say(station.clock.now());
  const auto deliver = [&](bool retained) {
    station.link->deliver(protocol::state_topic("n-one"), said, retained);
    station.settle();
  };
  deliver(false);
  CHECK(station.heads_to(station.one) == 1);
  deliver(true);
  CHECK(station.heads_to(station.one) == 1);
  SECTION("a restarted controller answers what it had kept, and not again when it finds it retained") {
    station.restart();
    CHECK(station.heads_to(station.one) == 1);
    deliver(true);
    CHECK(station.heads_to(station.one) == 1);
    CHECK(station.last_head(station.one).nonce == station.one.state.nonce);
  }
}

TEST_CASE("an alert goes out at once, before heads, to every node below its area") {
  Station station;
  station.start();
  station.say(station.one);
  station.say(station.two);
  const auto from = station.link->sent.size();
  const auto id = station.raise_alert("hue-19753", 3);
  const auto snapshot = station.last_alerts("hue-19753");
  REQUIRE(snapshot.alerts.size() == 1);
  CHECK(snapshot.alerts[0].id == id);
  CHECK(station.link->sent[from].topic == protocol::alert_topic("hue-19753"));
  CHECK(station.link->sent[from].retained);
  const auto head = station.last_head(station.one);
  CHECK(head.areas[1].alert_revision == snapshot.revision);
  CHECK(head.areas[0].alert_revision == 0);
  CHECK(station.heads_to(station.two) == 1);

  SECTION("each node is expected to sound it each time") {
    store::OccurrenceFilter filter;
    filter.roots = {"hue"};
    filter.from = station.clock.now();
    filter.until = station.clock.now() + std::chrono::hours(1);
    const auto list = [&] {
      return station.store->run_sync([&](store::Session& s) { return store::list_occurrences(s, filter, station.clock.now()); });
    };
    REQUIRE(list().size() == 3);
    CHECK(list()[1].expected.due == station.clock.now() + Millis{60000});
    CHECK(list()[1].expected.node == "n-one");
    CHECK(list()[1].expected.id == scheduler::alert_occurrence_id(snapshot.alerts[0], 2));
    station.clock.tick(Millis{1000});
    station.write([&](store::Transaction& t) { return cancel_alert(t, id); });
    station.broadcaster->alert_changed("hue-19753");
    station.settle();
    CHECK(list().size() == 1);  // what was due already stays
  }
  SECTION("cancelled it stays listed, under a higher revision of both") {
    station.write([&](store::Transaction& t) { return cancel_alert(t, id); });
    station.broadcaster->alert_changed("hue-19753");
    station.settle();
    const auto after = station.last_alerts("hue-19753");
    CHECK(after.revision > snapshot.revision);
    CHECK(after.alerts.at(0).message == scheduler::AlertMessage::cancel);
    CHECK(after.alerts.at(0).revision == snapshot.alerts[0].revision + 1);
    CHECK(station.last_head(station.one).areas[1].alert_revision == after.revision);
  }
  SECTION("signing anew repeats no sound: the alert keeps its own revision") {
    station.keys = make_keys(station.root, 2, "hue", station.clock.now(), {"k2"});
    station.broadcaster->keys_changed(station.keys);
    station.settle();
    const auto after = station.last_alerts("hue-19753");
    CHECK(after.revision > snapshot.revision);
    CHECK(after.alerts == snapshot.alerts);
    CHECK(station.last_head(station.one).key_set == 2);
  }
}

TEST_CASE("an update cancels what it refers to in another area, and both snapshots are signed") {
  Station station;
  station.start();
  const auto first = station.raise_alert("hue-19774");
  const auto before = station.last_alerts("hue-19774").revision;
  station.clock.tick(Millis{1000});
  auto row = loa::tests::flood_in("hue", station.clock.now());
  row.alert.message = scheduler::AlertMessage::update;
  row.alert.references = {first};
  station.write([&](store::Transaction& t) { loa::tests::put_in_force(t, row); });
  station.broadcaster->alert_changed("hue");
  station.settle();
  CHECK(station.last_alerts("hue").alerts.size() == 1);
  CHECK(station.last_alerts("hue-19774").revision > before);
  CHECK(station.last_alerts("hue-19774").alerts.at(0).message == scheduler::AlertMessage::cancel);
}

TEST_CASE("an alert raised while the broker is away goes out with the connect") {
  Station station;
  station.start();
  station.link->drop();
  station.raise_alert("hue");
  CHECK(station.link->sent_to(protocol::alert_topic("hue")).empty());
  station.link->connect();
  CHECK(station.link->sent_to(protocol::alert_topic("hue")).size() == 1);
}

TEST_CASE("a node that does not report the wanted plan is told again, later and later, until it does") {
  Station station;
  station.start();
  station.one.state.plan_held = 0;
  station.say(station.one);
  CHECK(station.heads_to(station.one) == 1);
  std::vector<std::size_t> heads;
  for (int minute = 0; minute < 60; ++minute) {
    for (int second = 0; second < 60; ++second) {
      station.clock.tick(Millis{1000});
      station.broadcaster->tick();
    }
    heads.push_back(station.heads_to(station.one));
  }
  station.settle();
  CHECK(heads[0] >= 3);             // 5 s and 10 s after the first, with jitter
  CHECK(heads[59] - heads[29] >= 3);  // and at most every 10 minutes
  CHECK(heads[59] - heads[29] <= 7);
  CHECK(station.plans_to(station.one) > 1);  // the broker may have lost the plan

  station.one.state.plan_held = station.last_plan(station.one).revision;
  station.say(station.one);
  const auto done = station.heads_to(station.one);
  station.tick(std::chrono::minutes(20));
  CHECK(station.heads_to(station.one) == done);
  CHECK(station.broadcaster->health().nodes_without_plan == 0);
}

TEST_CASE("a node that went is not told anything until it is back") {
  Station station;
  station.start();
  station.say(station.one);
  station.one.state.lifecycle = protocol::Lifecycle::gone;
  station.say(station.one);
  const auto heads = station.heads_to(station.one);
  station.tick(std::chrono::minutes(5));
  station.schedule("hue-19753");
  CHECK(station.heads_to(station.one) == heads);
  station.one.state.lifecycle = protocol::Lifecycle::ready;
  station.one.state.session = "s-2";
  station.one.state.session_number = 2;
  station.say(station.one);
  CHECK(station.heads_to(station.one) == heads + 1);
}

TEST_CASE("a node that was told of a higher revision raises ours, by at most a day") {
  Station station;
  station.start();
  const auto before = station.last_plan(station.one).revision;
  SECTION("an hour ahead: the next plan is above it") {
    station.one.state.plan_highest = before + 3'600'000;
    station.say(station.one);
    CHECK(station.last_plan(station.one).revision == station.one.state.plan_highest + 1);
    CHECK(station.refusals().empty());
  }
  SECTION("more than a day ahead: an alarm, and nothing changes") {
    station.one.state.plan_highest = before + 2 * 86'400'000;
    station.say(station.one);
    CHECK(station.last_plan(station.one).revision == before);
    const auto refusals = station.refusals();
    REQUIRE(refusals.size() == 1);
    CHECK(refusals[0].about == "revision");
    CHECK(refusals[0].code == "revision_ahead");
    CHECK(refusals[0].message.find("more than a day above") != std::string::npos);
    const auto alarms = station.alarms();
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].kind == loa::store::AlarmKind::revision_ahead);
    CHECK(alarms[0].subject == "n-one");
    CHECK(station.changes.back().kind == "alarm");
    CHECK(station.changes.back().id == alarms[0].id);
  }
}

TEST_CASE("a tick that fails is not the last, and the next sends what it could not") {
  Station station;
  station.period = Millis{5};
  station.start();
  station.link->broken = true;
  CHECK_THROWS(station.say(station.one));
  for (int tick = 0; tick < 2; ++tick)
    CHECK_THROWS(loa::tests::run_until(station.loop, [] { return false; }, std::chrono::seconds(5)));
  station.link->broken = false;
  CHECK(loa::tests::run_until(station.loop, [&] { return station.heads_to(station.one) == 1; }, std::chrono::seconds(5)));
}

TEST_CASE("a moved node gets the head and plan of its new place, a retired one is cleared") {
  Station station;
  station.start();
  station.say(station.one);
  SECTION("moved") {
    station.write([](store::Transaction& t) {
      auto node = *store::find_node(t.session(), "n-one");
      node.area = "hue-19774";
      return update_node(t, node);
    });
    station.broadcaster->node_changed("n-one");
    station.settle();
    CHECK(station.last_head(station.one).areas.at(1).area == "hue-19774");
    const auto plan = station.link->sent_to(protocol::plan_topic("n-one")).back();
    station.one.areas = {"hue", "hue-19774"};
    CHECK(protocol::decode_plan(station.verified(MessageType::plan, station.one, plan))->areas == station.one.areas);
  }
  SECTION("retired") {
    station.write([](store::Transaction& t) { return retire_node(t, "n-one"); });
    station.broadcaster->node_changed("n-one");
    station.settle();
    CHECK(station.link->sent_to(protocol::plan_topic("n-one")).back().empty());
    CHECK(station.link->sent_to(protocol::state_topic("n-one")).back().empty());
  }
  SECTION("added") {
    FakeNode three{"n-three", {"hue", "hue-19753"}};
    station.write([&](store::Transaction& t) {
      auto row = store::Province::node("n-three", "three", "hue-19753");
      row.signing_key = three.key.public_key();
      return add_node(t, row);
    });
    station.broadcaster->node_changed("n-three");
    station.settle();
    station.say(three);
    CHECK(station.last_head(three).plan_revision == station.last_plan(three).revision);
  }
}

TEST_CASE("what a node that speaks lacks is noticed, said with how long, and forgotten once it has it") {
  struct Row {
    const char* name;
    void (*lack)(Station&);
    const char* lacks;  ///< begins with
  };
  const std::vector<Row> rows{
      {"its plan", [](Station& s) { s.one.state.plan_held = 1; }, "plan "},
      {"the newest alerts", [](Station& s) { s.raise_alert("hue-19753"); }, "alerts "},
      {"the key set", [](Station& s) { s.one.state.key_set = 0; }, "key set 1"},
      {"heads", [](Station& s) { s.one.state.controller_heard = false; }, "heads"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Station station;
    station.start();
    const auto hold_all = [&] {
      auto& state = station.one.state;
      state.key_set = 1;
      state.controller_heard = true;
      state.plan_held = state.plan_verified = station.last_plan(station.one).revision;
      const auto head = station.last_head(station.one);
      state.areas = head.areas;
      station.say(station.one);
    };
    station.say(station.one);
    hold_all();
    station.tick(Millis{1000});
    row.lack(station);
    station.say(station.one);
    station.tick(Millis{1000});
    CHECK(station.broadcaster->withheld(Millis{60'000}).empty());
    station.tick(Millis{61'000});
    const auto withheld = station.broadcaster->withheld(Millis{60'000});
    REQUIRE(withheld.size() == 1);
    CHECK(withheld[0].id == "n-one");
    CHECK(withheld[0].area == "hue-19753");
    CHECK(withheld[0].lacks.starts_with(row.lacks));
    hold_all();
    station.tick(Millis{1000});
    CHECK(station.broadcaster->withheld(Millis{0}).empty());
  }
}

TEST_CASE("alerts that a node does not get are published again, as its plan is") {
  Station station;
  station.start();
  station.say(station.one);
  station.raise_alert("hue-19753");
  station.one.state.plan_held = station.last_plan(station.one).revision;
  const auto times = [&] {
    return std::count_if(station.link->sent.begin(), station.link->sent.end(),
                         [](const auto& sent) { return sent.topic == protocol::alert_topic("hue-19753"); });
  };
  const auto before = times();
  for (int second = 0; second < 40; ++second) {
    station.say(station.one);  // it speaks, and holds none
    station.tick(Millis{1000});
    station.broadcaster->tick();
    station.settle();
  }
  CHECK(times() > before);
  CHECK(times() < before + 8);
}
