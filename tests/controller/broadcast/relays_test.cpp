#include "controller/store/occurrences.hpp"
#include "controller/store/streams.hpp"
#include "tests/controller/broadcast/station.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace scheduler = loa::scheduler;
namespace protocol = loa::protocol;

namespace {

/// A stream of the ward, relayed there for half an hour each evening with a substitute.
struct Relayed : Station {
  std::string stream = protocol::random_id("st");

  explicit Relayed(const std::string& url = "https://radio.hue.example/live") {
    start();
    store::Stream made;
    made.id = stream;
    made.area = "hue-19753";
    made.name = "Đài Huế";
    made.url = url;
    write([&](store::Transaction& t) { REQUIRE(store::add_stream(t, made)); });
    const auto programme = schedule("hue-19774");  // its programme is the substitute
    store::Broadcast relay;
    relay.id = protocol::random_id("b");
    relay.stream = stream;
    relay.duration = std::chrono::minutes(30);
    relay.area = "hue-19753";
    relay.areas = {"hue-19753"};
    relay.after_interrupt = scheduler::AfterInterrupt::join;
    relay.when.rrule = "FREQ=DAILY;COUNT=3";
    relay.when.start = std::chrono::floor<std::chrono::days>(scheduler::to_local(clock.now(), relay.when.zone)) + std::chrono::hours(18);
    write([&](store::Transaction& t) {
      relay.substitutes = {store::find_broadcast(t.session(), programme)->programme};
      REQUIRE(store::add_broadcast(t, relay));
    });
  }
  template <class F>
  void change(F work) {
    clock.tick(Millis{1000});
    write([&](store::Transaction& t) { REQUIRE(work(t)); });
    broadcaster->plans_changed({"hue-19753"}, {});
    settle();
  }
  void approve() {
    change([&](store::Transaction& t) { return store::approve_stream(t, stream, store::find_stream(t.session(), stream)->content_hash); });
  }
  void allow(bool allowed) {
    change([&](store::Transaction& t) { return store::allow_plain_http(t, stream, allowed); });
  }
  std::size_t relays() { return last_plan(one).occurrences.size(); }
};

}  // namespace

TEST_CASE("an approved stream stands in the plan with its exact address, length and substitute, to be joined where it is") {
  Relayed station;
  CHECK(station.relays() == 0);
  station.approve();
  const auto plan = station.last_plan(station.one);
  REQUIRE(plan.occurrences.size() == 3);
  const auto& relay = plan.occurrences[0];
  CHECK(relay.title == "Đài Huế");
  CHECK(relay.programme_id == station.stream);
  CHECK(relay.duration == std::chrono::minutes(30));
  CHECK(relay.after_interrupt == scheduler::AfterInterrupt::join);
  CHECK(relay.late == scheduler::LateRule::join);
  CHECK(relay.items == std::vector{scheduler::Item{
                           .kind = scheduler::ItemKind::stream, .duration = std::chrono::minutes(30), .url = "https://radio.hue.example/live"}});
  REQUIRE(relay.substitutes.size() == 1);
  CHECK(relay.substitutes[0].sha256 == std::string(64, 'a'));
}

TEST_CASE("a stream that may be relayed no more leaves the plan at once") {
  Relayed station;
  station.approve();
  REQUIRE(station.relays() == 3);
  const auto before = station.last_plan(station.one).revision;
  SECTION("retired") {
    station.change([&](store::Transaction& t) { return store::retire_stream(t, station.stream); });
  }
  SECTION("with another address, until that is approved too") {
    station.change([&](store::Transaction& t) {
      auto stream = *store::find_stream(t.session(), station.stream);
      stream.url = "https://radio.hue.example/live2";
      return store::update_stream(t, stream);
    });
    CHECK(station.relays() == 0);
    station.approve();
    REQUIRE(station.relays() == 3);
    CHECK(station.last_plan(station.one).occurrences[0].items[0].url == "https://radio.hue.example/live2");
    return;
  }
  CHECK(station.relays() == 0);
  CHECK(station.last_plan(station.one).revision > before);
}

TEST_CASE("a stream without TLS is in a plan only while the province allows it, marked in the plan and in what is expected") {
  Relayed station("http://radio.hue.example/live");
  station.approve();
  CHECK(station.relays() == 0);
  station.allow(true);
  REQUIRE(station.relays() == 3);
  CHECK(station.last_plan(station.one).occurrences[0].items[0].plain_http_allowed);
  store::OccurrenceFilter filter;
  filter.roots = {"hue-19753"};
  filter.from = station.clock.now();
  filter.until = station.clock.now() + std::chrono::hours(72);
  const auto rows = station.store->run_sync([&](store::Session& s) { return store::list_occurrences(s, filter, station.clock.now()); });
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].expected.plain_http);
  CHECK(rows[0].expected.programme == station.stream);
  station.allow(false);
  CHECK(station.relays() == 0);
}
