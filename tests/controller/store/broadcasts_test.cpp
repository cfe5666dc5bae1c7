#include <catch2/catch.hpp>

#include "controller/store/alerts.hpp"
#include "tests/controller/store/fixture.hpp"
#include "tests/support/alert_row.hpp"

using namespace loa::store;
namespace scheduler = loa::scheduler;

namespace {

Broadcast broadcast_of(const Programme& programme) {
  Broadcast made;
  made.id = loa::protocol::random_id("b");
  made.programme = programme.id;
  made.area = programme.area;
  made.areas = {"hue-19753"};
  made.nodes = {"n-other"};
  made.when.start = *scheduler::parse_local("2026-11-25T06:00:00");
  made.when.rrule = "FREQ=DAILY;COUNT=3";
  made.when.exdate = {*scheduler::parse_local("2026-11-26T06:00:00")};
  made.late = scheduler::LateRule::skip;
  made.late_limit = Millis{60000};
  made.creator = "u-someone";
  return made;
}

}  // namespace

TEST_CASE("every field of a broadcast is kept") {
  Province province;
  auto wanted = broadcast_of(province.approved());
  REQUIRE(province.write([&](Transaction& t) { return add_broadcast(t, wanted); }));
  wanted.created = province.clock.now();
  CHECK(find_broadcast(*province.session, wanted.id) == wanted);
}

TEST_CASE("a broadcast of what is not there is refused") {
  Province province;
  const auto good = broadcast_of(province.approved());
  auto no_programme = good, no_area = good, no_node = good;
  no_programme.programme = "p-none";
  no_area.areas = {"nowhere"};
  no_node.nodes = {"n-none"};
  for (const auto& bad : {no_programme, no_area, no_node})
    CHECK_FALSE(province.write([&](Transaction& t) { return add_broadcast(t, bad); }));
}

TEST_CASE("only approved content enters a plan") {
  Province province;
  auto& session = *province.session;
  auto programme = province.approved();
  const auto wanted = broadcast_of(programme);
  province.write([&](Transaction& t) { add_broadcast(t, wanted); });
  const auto planned = list_broadcasts_to_plan(session);
  REQUIRE(planned.size() == 1);
  CHECK(planned[0].title == programme.title);
  CHECK(planned[0].items.at(0).sha256 == programme.clip_sha256);
  CHECK(planned[0].items.at(0).bytes == 9000);
  CHECK(planned[0].when == wanted.when);
  CHECK(planned[0].target_areas == wanted.areas);

  SECTION("a change of the programme takes it out") {
    programme.title = "Another";
    province.write([&](Transaction& t) { update_programme(t, programme); });
    CHECK(list_broadcasts_to_plan(session).empty());
  }
  SECTION("archiving takes it out") {
    province.write([&](Transaction& t) { archive_programme(t, programme.id); });
    CHECK(list_broadcasts_to_plan(session).empty());
  }
  SECTION("cancelling takes it out, once") {
    CHECK(province.write([&](Transaction& t) { return cancel_broadcast(t, wanted.id, "wrong date"); }));
    CHECK_FALSE(province.write([&](Transaction& t) { return cancel_broadcast(t, wanted.id, "again"); }));
    CHECK(list_broadcasts_to_plan(session).empty());
    CHECK(find_broadcast(session, wanted.id)->cancel_reason == "wrong date");
  }
  SECTION("one occurrence can be left out") {
    const auto id = scheduler::occurrence_id(wanted.id, scheduler::from_ms(1'795'561'200'000));
    CHECK(province.write([&](Transaction& t) { return cancel_occurrence(t, wanted.id, id); }));
    CHECK_FALSE(province.write([&](Transaction& t) { return cancel_occurrence(t, wanted.id, "b-else@20261125T000000Z"); }));
    CHECK(list_broadcasts_to_plan(session)[0].cancelled_occurrences == std::vector{id});
  }
}

TEST_CASE("an alert is prepared, confirmed in time with its token, and cancelled") {
  Province province;
  auto& session = *province.session;
  auto row = loa::tests::flood_in("hue-19753", province.clock.now());
  row.alert.repeats = 3;
  row.confirm_before = province.clock.now() + std::chrono::minutes(2);
  const auto& id = row.alert.id;
  REQUIRE(province.write([&](Transaction& t) { return prepare_alert(t, row); }));
  CHECK(state_of(*find_alert(session, id), province.clock.now()) == AlertState::pending);
  CHECK(alerts_of_area(session, "hue-19753", province.clock.now()).empty());

  SECTION("another token does not confirm it") {
    CHECK_FALSE(province.write([&](Transaction& t) { return confirm_alert(t, id, std::string(64, '2')); }));
  }
  SECTION("too late does not confirm it") {
    province.clock.tick(std::chrono::minutes(2));
    CHECK_FALSE(province.write([&](Transaction& t) { return confirm_alert(t, id, row.token_hash); }));
    CHECK(list_alerts(session, {.roots = {"hue"}, .state = AlertState::ended}, province.clock.now()).size() == 1);
  }
  SECTION("confirmed it is active until it expires or is cancelled, and stays in the snapshot meanwhile") {
    province.clock.tick(Millis{5000});
    const auto alert = province.write([&](Transaction& t) { return confirm_alert(t, id, row.token_hash); });
    REQUIRE(alert);
    CHECK(alert->sent == province.clock.now());
    CHECK(alert->expires == province.clock.now() + row.lasts);
    CHECK(list_alerts(session, {.roots = {"hue"}, .state = AlertState::active}, province.clock.now()).size() == 1);
    CHECK(list_alerts(session, {.roots = {"hue-19774"}}, province.clock.now()).empty());
    CHECK(province.write([&](Transaction& t) { return cancel_alert(t, id); }));
    CHECK_FALSE(province.write([&](Transaction& t) { return cancel_alert(t, id); }));
    const auto listed = alerts_of_area(session, "hue-19753", province.clock.now());
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].message == scheduler::AlertMessage::cancel);
    CHECK(listed[0].revision == alert->revision + 1);
    CHECK(alerts_of_area(session, "hue-19753", province.clock.now() + row.lasts).empty());
  }
  SECTION("an update cancels what it refers to") {
    province.write([&](Transaction& t) { confirm_alert(t, id, row.token_hash); });
    auto update = row;
    update.alert.id = loa::protocol::random_id("l");
    update.alert.message = scheduler::AlertMessage::update;
    update.alert.references = {id};
    province.write([&](Transaction& t) {
      prepare_alert(t, update);
      confirm_alert(t, update.alert.id, row.token_hash);
    });
    CHECK(state_of(*find_alert(session, id), province.clock.now()) == AlertState::cancelled);
    CHECK(state_of(*find_alert(session, update.alert.id), province.clock.now()) == AlertState::active);
  }
}
