#include "controller/store/alerts.hpp"
#include "controller/store/occurrences.hpp"
#include "controller/store/plans.hpp"
#include "controller/store/sql.hpp"
#include "protocol/limits.hpp"
#include "protocol/packet.hpp"
#include "tests/controller/broadcast/station.hpp"
#include "tests/support/format_two.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace scheduler = loa::scheduler;
namespace protocol = loa::protocol;

TEST_CASE("each node gets a signed plan of its own, retained") {
  Station station;
  station.start();
  const auto broadcast = station.schedule("hue-19753");
  const auto plan = station.last_plan(station.one);
  CHECK(plan.areas == station.one.areas);
  CHECK(plan.occurrences.size() == 3);
  CHECK(plan.occurrences[0].broadcast_id == broadcast);
  CHECK(plan.occurrences[0].items.at(0).sha256 == std::string(64, 'a'));
  CHECK(plan.brokers == std::vector<std::string>{"mqtts://broker:8883"});
  CHECK(plan.until - plan.made > std::chrono::hours(24 * 15));
  CHECK(station.last_plan(station.two).occurrences.empty());
  for (const auto& sent : station.link->sent)
    if (sent.topic == protocol::plan_topic("n-one")) CHECK(sent.retained);
}

TEST_CASE("a plan's revision is the clock's milliseconds or one more, and is kept before it is published") {
  Station station;
  station.start(false);
  const auto first = station.store->run_sync([](store::Session& s) { return store::find_plan_revision(s, "n-one"); });
  REQUIRE(first);
  CHECK(first->revision == scheduler::to_ms(station.clock.now()));
  CHECK(station.link->sent.empty());
  station.schedule("hue-19753");
  const auto second = station.store->run_sync([](store::Session& s) { return store::find_plan_revision(s, "n-one"); });
  CHECK(second->revision == first->revision + 1);
}

TEST_CASE("what does not change a node's plan makes no new revision") {
  Station station;
  station.start();
  station.schedule("hue-19753");
  const auto plans = station.plans_to(station.one);
  SECTION("nothing at all") { station.broadcaster->plans_changed({"hue"}, {}); }
  SECTION("a broadcast elsewhere") { station.schedule("hue-19774"); }
  SECTION("an occurrence that has merely ended") {
    station.clock.tick(std::chrono::hours(6));  // 19:00, the same local day
    station.broadcaster->plans_changed({"hue"}, {});
  }
  SECTION("a restart of the controller") {
    station.restart(false);
    CHECK(station.plans_to(station.one) == 0);
    return;
  }
  station.settle();
  CHECK(station.plans_to(station.one) == plans);
}

TEST_CASE("what changes a node's plan makes a new revision and a head") {
  Station station;
  station.start();
  station.say(station.one);
  const auto broadcast = station.schedule("hue-19753");
  const auto before = station.last_plan(station.one);
  station.clock.tick(Millis{1000});
  SECTION("a broadcast is cancelled") {
    station.write([&](store::Transaction& t) { return cancel_broadcast(t, broadcast, "wrong"); });
    station.broadcaster->plans_changed({"hue-19753"}, {});
    station.settle();
    CHECK(station.last_plan(station.one).occurrences.empty());
  }
  SECTION("the province mutes") {
    station.write([&](store::Transaction& t) { return set_area_settings(t, "hue", {.mute = true}); });
    station.broadcaster->plans_changed({"hue"}, {});
    station.settle();
    CHECK(station.last_plan(station.one).settings.mute);
  }
  SECTION("the node's own volume") {
    station.write([&](store::Transaction& t) { return set_node_settings(t, "n-one", {.volume = 30}); });
    station.broadcaster->plans_changed({}, {"n-one"});
    station.settle();
    CHECK(station.last_plan(station.one).settings.volume == 30);
  }
  SECTION("a stock clip") {
    station.write([&](store::Transaction& t) { return put_stock_clip(t, {"tone", std::string(64, 'a'), "Tone"}); });
    station.broadcaster->plans_changed({"hue"}, {});
    station.settle();
    CHECK(station.last_plan(station.one).settings.stock.at(0).name == "tone");
  }
  SECTION("the programme is no longer approved") {
    station.write([&](store::Transaction& t) {
      auto programme = store::list_programmes(t.session(), {.roots = {"hue"}}).at(0);
      programme.title = "Another";
      return update_programme(t, programme);
    });
    station.broadcaster->plans_changed({"hue-19753"}, {});
    station.settle();
    CHECK(station.last_plan(station.one).occurrences.empty());
  }
  SECTION("another key signs") {
    station.keys = make_keys(station.root, 2, "hue", station.clock.now(), {"k2"});
    station.broadcaster->keys_changed(station.keys);
    station.settle();
  }
  CHECK(station.last_plan(station.one).revision > before.revision);
  CHECK(station.last_head(station.one).plan_revision == station.last_plan(station.one).revision);
}

TEST_CASE("plans are renewed when the local day moves on") {
  Station station;
  station.start();
  station.schedule("hue-19753", "FREQ=DAILY;COUNT=60");
  const auto first = station.last_plan(station.one);
  station.tick(std::chrono::hours(24));
  const auto second = station.last_plan(station.one);
  CHECK(second.revision > first.revision);
  CHECK(second.until == first.until + std::chrono::hours(24));
}

TEST_CASE("occurrences that the policy keeps out are not in the plan and are shown as skipped") {
  Station station;
  station.start();
  station.write([](store::Transaction& t) {
    store::AreaPolicy policy;
    policy.limits.windows = std::vector<scheduler::PolicyWindow>{{0x7f, 300, 420}};
    return set_area_policy(t, "hue", policy);
  });
  station.schedule("hue-19753", "FREQ=DAILY;COUNT=2");
  CHECK(station.last_plan(station.one).occurrences.empty());
  store::OccurrenceFilter filter;
  filter.roots = {"hue"};
  filter.from = station.clock.now();
  filter.until = station.clock.now() + std::chrono::hours(72);
  const auto rows = station.store->run_sync(
      [&](store::Session& s) { return store::list_occurrences(s, filter, station.clock.now()); });
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].status == store::OccurrenceStatus::skipped);
  CHECK(rows[0].reason() == "outside_window");
}

TEST_CASE("each node gets the highest format that it reads") {
  Station station;
  station.formats.add(2, loa::tests::format_two());
  station.start();
  station.one.state.formats = {1};
  station.two.state.formats = {1, 2};
  station.say(station.one);
  station.say(station.two);
  const auto format_on = [&](MessageType type, const std::string& topic) {
    const auto json = *protocol::open(station.link->sent_to(topic).back(), type, station.keys->working[0].key.public_key());
    return json.substr(0, 6);
  };
  CHECK(format_on(MessageType::plan, protocol::plan_topic("n-one")) == "{\"v\":1");
  CHECK(format_on(MessageType::plan, protocol::plan_topic("n-two")) == "{\"v\":2");
  CHECK(format_on(MessageType::head, protocol::head_topic("n-one")) == "{\"v\":1");
  CHECK(format_on(MessageType::head, protocol::head_topic("n-two")) == "{\"v\":2");
  SECTION("what all share is published once for each format") {
    station.broadcaster->alert_changed("hue");
    station.settle();
    station.tick(RetainedTopics::kQuiet);
    for (const int format : {1, 2}) {
      CHECK_FALSE(station.link->sent_to(protocol::alert_topic("hue", format)).empty());
      CHECK_FALSE(station.link->sent_to(protocol::keys_topic(format)).empty());
      CHECK_FALSE(station.link->sent_to(protocol::controller_state_topic(format)).empty());
    }
  }
}

TEST_CASE("a controller whose clock is behind what it signed signs nothing and says so") {
  Station station;
  station.start();
  station.schedule("hue-19753");
  station.clock.tick(-std::chrono::minutes(10));
  const auto check_silent = [&] {
    const auto sent = station.link->sent.size();
    station.write([](store::Transaction& t) { return set_node_settings(t, "n-one", {.volume = 10}); });
    station.broadcaster->plans_changed({}, {"n-one"});
    station.broadcaster->alert_changed("hue");
    loa::tests::run_until(station.loop, [&] { return !station.broadcaster->health().trouble.empty(); });
    station.rest();  // plans and alerts are refused apart from each other
    CHECK(station.broadcaster->health().clock_behind);
    CHECK(station.broadcaster->health().trouble.find("nothing is signed until it is right") != std::string::npos);
    for (auto i = sent; i < station.link->sent.size(); ++i) CHECK(station.link->sent[i].topic == "only retained ones again");
  };
  SECTION("while it runs") { check_silent(); }
  SECTION("also after a restart") {
    station.close();
    station.open();
    station.link = std::make_unique<loa::tests::FakeLink>();
    station.broadcaster = std::make_unique<Broadcaster>(*station.store, *station.link, station.keys, PlanSettings{},
                                                        [](const Change&) {});
    bool loaded = false;
    boost::asio::co_spawn(station.loop, station.broadcaster->load(), [&](std::exception_ptr) { loaded = true; });
    REQUIRE(loa::tests::run_until(station.loop, [&] { return loaded; }));
    station.broadcaster->start(Millis{0});
    check_silent();
  }
  SECTION("and goes on by itself once it is right") {
    check_silent();
    station.tick(std::chrono::minutes(11));
    CHECK_FALSE(station.broadcaster->health().clock_behind);
    CHECK(station.last_plan(station.one).settings.volume == 10);
    CHECK(station.broadcaster->health().trouble.empty());
  }
}

TEST_CASE("nothing is signed for an area above the key's branch") {
  Station station;
  station.keys = make_keys(station.root, 1, "hue-19753", station.clock.now());
  station.start();
  CHECK(station.plans_to(station.one) == 1);
  CHECK(station.plans_to(station.two) == 0);
  const auto refusals = station.refusals();
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].node == "n-two");
  CHECK(refusals[0].about == "plan");
  CHECK(refusals[0].code == "key_not_allowed");
}

TEST_CASE("a plan carries the stock clips of its node's own areas and the stand-in") {
  Station station;
  station.start();
  const auto two = station.plans_to(station.two);
  station.write([&](store::Transaction& t) {
    store::Clip clip;
    clip.sha256 = std::string(64, 'e');
    clip.bytes = 700;
    clip.duration = Millis{4000};
    clip.made_from = "speech";
    store::put_clip(t, clip);
    REQUIRE(store::put_area_stock_clip(t, {"hue-19753", {"sorry", clip.sha256, "Xin lỗi"}}));
    store::OwnSettings settings;
    settings.stand_in = "sorry";
    REQUIRE(store::set_area_settings(t, "hue-19753", settings));
  });
  station.broadcaster->plans_changed({"hue"}, {});
  station.settle();
  const auto settings = station.last_plan(station.one).settings;
  CHECK(settings.stand_in == "sorry");
  const auto held = std::find_if(settings.stock.begin(), settings.stock.end(), [](const auto& one) { return one.name == "sorry"; });
  REQUIRE(held != settings.stock.end());
  CHECK(held->sha256 == std::string(64, 'e'));
  CHECK(held->duration == Millis{4000});
  CHECK(station.plans_to(station.two) == two);  // nothing of it is theirs
}

TEST_CASE("a node that cannot be read keeps no other node from its plan") {
  Station station;
  station.start();
  station.write([&](loa::store::Transaction& t) {
    loa::store::sql::execute(t.session(), "update nodes set signing_key = 'none' where id = :id", loa::store::sql::params(station.one.id));
  });
  station.add_schedule("hue");
  station.broadcaster->plans_changed({"hue"}, {});
  const auto has_plan = [&] { return !station.last_plan(station.two).occurrences.empty(); };
  for (int i = 0; i < 5 && !has_plan(); ++i) {
    loa::tests::run_until(station.loop, has_plan, std::chrono::milliseconds(500));
    station.clock.tick(std::chrono::seconds(5));
    station.broadcaster->tick();
  }
  CHECK(has_plan());
  station.rest();
}
