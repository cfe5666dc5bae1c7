#include <catch2/catch.hpp>

#include "controller/store/alerts.hpp"
#include "tests/controller/store/fixture.hpp"
#include "tests/support/alert_row.hpp"

using namespace loa::store;
namespace scheduler = loa::scheduler;

namespace {

std::string clip(Province& province, char letter, int seconds) {
  Clip made;
  made.sha256 = std::string(64, letter);
  made.bytes = 1000;
  made.duration = std::chrono::seconds(seconds);
  made.made_from = "stock";
  province.write([&](Transaction& t) { put_clip(t, made); });
  return made.sha256;
}

// What nodes under these areas hold: "name:letter of the clip" each.
std::string stock_under(Province& province, const std::vector<std::string>& areas) {
  std::string text;
  for (const auto& one : stock_clips_under(*province.session, areas)) text += (text.empty() ? "" : " ") + one.name + ":" + one.sha256[0];
  return text;
}

bool put(Province& province, const std::string& area, const std::string& name, const std::string& sha256) {
  return province.write([&](Transaction& t) { return put_area_stock_clip(t, {area, {name, sha256, name}}); });
}

AlertRow spoken_alert(Province& province) {
  auto row = loa::tests::flood_in("hue-19753", province.clock.now());
  row.alert.status = scheduler::AlertStatus::exercise;
  row.alert.repeats = 0;
  row.alert.repeat_every = Millis{10'000};
  row.script = "Nước đang lên.";
  return row;
}

}  // namespace

TEST_CASE("an area's own stock clip goes before those of its name from above, for the nodes below it alone") {
  Province province;
  const auto a = clip(province, 'a', 3), b = clip(province, 'b', 4), c = clip(province, 'c', 5);
  province.write([&](Transaction& t) { put_stock_clip(t, {"flood", a, "Lũ"}); });
  REQUIRE(put(province, "hue", "flood", b));
  REQUIRE(put(province, "hue-19753", "flood", c));
  REQUIRE(put(province, "hue-19753", "market", b));
  CHECK(stock_under(province, {"hue", "hue-19753", "hue-19753-a"}) == "flood:c market:b");
  CHECK(stock_under(province, {"hue", "hue-19774"}) == "flood:b");
  CHECK(province.write([](Transaction& t) { return drop_area_stock_clip(t, "hue-19753", "flood"); }));
  CHECK_FALSE(province.write([](Transaction& t) { return drop_area_stock_clip(t, "hue-19753", "flood"); }));
  CHECK(stock_under(province, {"hue", "hue-19753"}) == "flood:b market:b");
}

TEST_CASE("a stock clip of no area, of no clip, or one too many is refused") {
  Province province;
  const auto a = clip(province, 'a', 3);
  CHECK_FALSE(put(province, "nowhere", "flood", a));
  CHECK_FALSE(put(province, "hue", "flood", std::string(64, 'f')));
  for (std::size_t i = 0; i < kMaxAreaStock; ++i) CHECK(put(province, "hue", "clip" + std::to_string(i), a));
  CHECK_FALSE(put(province, "hue", "more", a));
  CHECK(put(province, "hue", "clip0", a));
}

TEST_CASE("only substitutes that are approved as they are now enter a plan") {
  Province province;
  auto spare = province.approved();
  Broadcast wanted;
  wanted.id = loa::protocol::random_id("b");
  wanted.programme = province.approved().id;
  wanted.area = "hue-19753";
  wanted.areas = {"hue-19753"};
  wanted.when.start = *scheduler::parse_local("2026-11-25T06:00:00");
  wanted.substitutes = {spare.id};
  auto of_nothing = wanted;
  of_nothing.substitutes = {"p-none"};
  CHECK_FALSE(province.write([&](Transaction& t) { return add_broadcast(t, of_nothing); }));
  REQUIRE(province.write([&](Transaction& t) { return add_broadcast(t, wanted); }));
  CHECK(find_broadcast(*province.session, wanted.id)->substitutes == wanted.substitutes);
  REQUIRE(list_broadcasts_to_plan(*province.session).at(0).substitutes.size() == 1);
  CHECK(list_broadcasts_to_plan(*province.session).at(0).substitutes[0].sha256 == spare.clip_sha256);
  spare.title = "Another";
  province.write([&](Transaction& t) { update_programme(t, spare); });
  CHECK(list_broadcasts_to_plan(*province.session).at(0).substitutes.empty());
}

TEST_CASE("a stand-in is inherited, and an empty one takes it away") {
  Province province;
  const auto set = [&](const std::string& area, std::optional<std::string> name) {
    OwnSettings settings;
    settings.stand_in = std::move(name);
    province.write([&](Transaction& t) { REQUIRE(set_area_settings(t, area, settings)); });
  };
  set("hue", "sorry");
  CHECK(inherited(*province.session, "hue-19753-a").stand_in == "sorry");
  set("hue-19753", "");
  CHECK(inherited(*province.session, "hue-19753-a").stand_in.empty());
  CHECK(find_area(*province.session, "hue-19753")->settings.stand_in == "");
}

TEST_CASE("what comes of an alert's text is kept while it waits for its confirmation, and not after it") {
  Province province;
  const auto own = clip(province, 'd', 20);
  for (const auto& [name, letter, seconds] : {std::tuple("tone", 'a', 3), std::tuple("exercise", 'b', 4), std::tuple("flood", 'c', 9)}) {
    const auto sha256 = clip(province, letter, seconds);
    province.write([&](Transaction& t) { put_stock_clip(t, {name, sha256, name}); });
  }
  const auto row = spoken_alert(province);
  const auto& id = row.alert.id;
  REQUIRE(province.write([&](Transaction& t) { return prepare_alert(t, row); }));
  CHECK(find_alert(*province.session, id)->speech == Speech::making);
  const auto confirm = [&] { return province.write([&](Transaction& t) { return confirm_alert(t, id, "token"); }); };
  SECTION("a clip sets the repeats apart: tone, exercise, stock words, exercise, clip") {
    CHECK(province.write([&](Transaction& t) { return set_alert_speech(t, id, own, ""); }));
    CHECK_FALSE(province.write([&](Transaction& t) { return set_alert_speech(t, id, own, ""); }));
    const auto alert = confirm();
    REQUIRE(alert);
    CHECK(alert->clip->sha256 == own);
    CHECK(alert->repeat_every == std::chrono::seconds(3 + 4 + 9 + 4 + 20) + kAlertPause);
    CHECK(find_alert(*province.session, id)->speech == Speech::spoken);
  }
  SECTION("why there is none is kept") {
    CHECK(province.write([&](Transaction& t) { return set_alert_speech(t, id, "", "There is no voice."); }));
    CHECK(confirm()->repeat_every == Millis{10'000});
    CHECK(find_alert(*province.session, id)->speech_problem == "There is no voice.");
  }
  SECTION("what comes after the confirmation is too late") {
    REQUIRE(confirm());
    CHECK(find_alert(*province.session, id)->speech == Speech::failed);
    CHECK_FALSE(province.write([&](Transaction& t) { return set_alert_speech(t, id, own, ""); }));
    CHECK_FALSE(find_alert(*province.session, id)->alert.clip);
  }
}
