#include "tests/controller/broadcast/station.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace protocol = loa::protocol;

namespace {

/// Delivers `retained` as a broker does after a subscription.
void give(Station& station, const std::map<std::string, std::string>& retained) {
  for (const auto& [topic, payload] : retained) station.link->deliver(topic, payload, true);
}

struct Killed {
  Station station;
  std::map<std::string, std::string> old_ones;
  std::map<std::string, std::string> present;
  std::size_t from = 0;

  // The broker saved what it retained, then newer ones were published, and then it was killed.
  Killed() {
    station.start();
    station.tick(RetainedTopics::kLongest);
    station.broadcaster->alert_changed("hue");
    station.settle();
    old_ones = station.retained();
    station.clock.tick(Millis{1000});
    station.schedule("hue-19753");
    station.broadcaster->alert_changed("hue");
    station.settle();
    present = station.retained();
    station.link->drop("killed");
    station.link->connect();
    from = station.link->sent.size();
  }
  std::map<std::string, std::string> published() const {
    std::map<std::string, std::string> found;
    for (auto i = from; i < station.link->sent.size(); ++i)
      if (station.link->sent[i].topic != protocol::controller_state_topic())
        found[station.link->sent[i].topic] = station.link->sent[i].payload;
    return found;
  }
};

}  // namespace

TEST_CASE("a first connect publishes keys, state and plans, and watches what the broker retains") {
  Station station;
  station.start();
  const auto& filters = station.link->filters;
  for (const auto& filter : {protocol::state_topic("+"), protocol::receipt_topic("+"), protocol::log_topic("+"),
                             protocol::plan_topic("+"), protocol::keys_topic(), protocol::alert_topic("+")})
    CHECK(filters.contains(filter));
  const auto state = protocol::decode_controller_state(
      station.last(MessageType::controller_state, station.one, protocol::controller_state_topic()));
  CHECK(state->online);
  station.tick(RetainedTopics::kQuiet);
  CHECK(station.link->sent_to(protocol::keys_topic()) == std::vector{station.keys->key_set_jws});
  CHECK_FALSE(station.link->filters.contains(protocol::plan_topic("+")));
  CHECK(station.link->filters.contains(protocol::state_topic("+")));
}

TEST_CASE("the will says that the controller is gone, signed, in the same session as its state") {
  Station station;
  station.start();
  REQUIRE(station.link->will);
  CHECK(station.link->will->topic == protocol::controller_state_topic());
  CHECK(station.link->will->retained);
  const auto gone = protocol::decode_controller_state(
      station.verified(MessageType::controller_state, station.one, station.link->will->payload));
  const auto state = protocol::decode_controller_state(
      station.last(MessageType::controller_state, station.one, protocol::controller_state_topic()));
  CHECK_FALSE(gone->online);
  CHECK(gone->session == state->session);
  SECTION("an orderly end says so itself") {
    bool closed = false;
    station.broadcaster->close(Millis{1000}, [&] { closed = true; });
    CHECK(closed);
    CHECK_FALSE(protocol::decode_controller_state(
                    station.last(MessageType::controller_state, station.one, protocol::controller_state_topic()))
                    ->online);
  }
}

TEST_CASE("after a connect the broker's retained messages are made those last signed") {
  Killed killed;
  auto& station = killed.station;
  auto& topics = killed.present;
  const auto plan = protocol::plan_topic("n-one");
  const auto alert = protocol::alert_topic("hue");

  SECTION("a broker that kept everything is left alone") {
    give(station, killed.present);
    station.tick(RetainedTopics::kQuiet);
    CHECK(killed.published().empty());
  }
  SECTION("old ones are replaced as soon as they are seen") {
    give(station, killed.old_ones);
    CHECK(killed.published()[plan] == topics[plan]);
    CHECK(killed.published()[alert] == topics[alert]);
    CHECK_FALSE(killed.published().contains(protocol::keys_topic()));
  }
  SECTION("missing ones are published once nothing more comes") {
    station.clock.tick(RetainedTopics::kQuiet - Millis{1});
    station.broadcaster->tick();
    CHECK(killed.published().empty());
    station.tick(Millis{1});
    for (const auto& topic : {plan, protocol::plan_topic("n-two"), alert, protocol::keys_topic()})
      CHECK(killed.published()[topic] == topics[topic]);
  }
  SECTION("what nobody should have is cleared") {
    give(station, {{protocol::plan_topic("n-stranger"), "old"},
                   {protocol::alert_topic("hue-old"), "old"},
                   {protocol::state_topic("n-stranger"), "old"}});
    CHECK(killed.published().at(protocol::plan_topic("n-stranger")).empty());
    CHECK(killed.published().at(protocol::alert_topic("hue-old")).empty());
    CHECK(killed.published().at(protocol::state_topic("n-stranger")).empty());
  }
  SECTION("messages that go on coming end the check all the same") {
    for (Millis passed{0}; passed <= RetainedTopics::kLongest; passed += Millis{1000}) {
      give(station, {{plan, topics[plan]}});
      station.tick(Millis{1000});
    }
    CHECK_FALSE(station.link->filters.contains(protocol::plan_topic("+")));
    CHECK(killed.published().contains(alert));
  }
  SECTION("and so they are by a controller that was restarted meanwhile") {
    station.restart();
    killed.from = 0;
    give(station, killed.old_ones);
    station.tick(RetainedTopics::kQuiet);
    CHECK(killed.published()[plan] == topics[plan]);
    CHECK(killed.published()[alert] == topics[alert]);
  }
}

TEST_CASE("a link that takes only so much gets everything in the end, alerts first") {
  Station station;
  station.start(false);
  station.link->connect();
  station.link->acknowledge();
  station.say(station.one);
  station.say(station.two);
  station.link->max_in_flight = 1;
  const auto from = station.link->sent.size();
  station.write([](store::Transaction& t) { return set_area_settings(t, "hue", {.volume = 20}); });
  station.broadcaster->plans_changed({"hue"}, {});
  REQUIRE(loa::tests::run_until(station.loop, [&] { return station.broadcaster->idle(); }));
  station.broadcaster->alert_changed("hue");
  REQUIRE(loa::tests::run_until(station.loop, [&] { return station.broadcaster->idle(); }));
  REQUIRE(station.link->sent.size() == from + 1);
  for (int i = 0; i < 10; ++i) station.link->acknowledge();
  REQUIRE(station.link->sent.size() == from + 5);  // alert, two heads and the other plan
  CHECK(station.link->sent[from + 1].topic == protocol::alert_topic("hue"));
  SECTION("what a lost connection left open is sent again") {
    station.broadcaster->alert_changed("hue");
    REQUIRE(loa::tests::run_until(station.loop, [&] { return station.broadcaster->idle(); }));
    const auto packet = station.link->sent.back().payload;
    station.link->drop();
    station.link->max_in_flight = 100;
    const auto again = station.link->sent.size();
    station.link->connect();
    CHECK(station.link->sent.at(again).topic == protocol::alert_topic("hue"));
    CHECK(station.link->sent.at(again).payload == packet);
  }
}
