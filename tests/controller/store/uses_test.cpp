#include <catch2/catch.hpp>

#include "controller/store/alerts.hpp"
#include "controller/store/uses.hpp"
#include "tests/controller/store/fixture.hpp"

using namespace loa::store;

namespace {

Broadcast broadcast(Province& province, const std::string& programme, const std::string& area, std::vector<std::string> substitutes = {}) {
  Broadcast made;
  made.id = loa::protocol::random_id("b");
  made.programme = programme;
  made.area = area;
  made.areas = {area};
  made.substitutes = std::move(substitutes);
  made.when.start = *loa::scheduler::parse_local("2026-11-25T06:00:00");
  province.write([&](Transaction& t) { REQUIRE(add_broadcast(t, made)); });
  return made;
}

void name_stock(Province& province, const std::string& area, const std::string& name) {
  province.write([&](Transaction& t) {
    put_clip(t, Province::clip());
    REQUIRE(put_area_stock_clip(t, {area, {name, Province::clip().sha256, name}}));
  });
}

// "as name id-or-area from" of each.
std::vector<std::string> lines(const std::vector<StockUse>& uses) {
  std::vector<std::string> list;
  for (const auto& one : uses)
    list.push_back(std::string(one.use.as == UsedAs::alert_words ? "alert" : "stand-in") + " " + one.use.name + " " +
                   (one.use.id.empty() ? one.use.area : one.use.id) + " " + one.from.value_or("nowhere"));
  return list;
}

}  // namespace

TEST_CASE("who plays a programme: every broadcast not cancelled that names it, wherever it sounds") {
  Province province;
  const auto used = province.approved().id;
  const auto other = province.approved("hue-19774").id;
  const auto own = broadcast(province, used, "hue-19753");
  const auto elsewhere = broadcast(province, other, "hue-19774", {used});
  const auto gone = broadcast(province, used, "hue-19753-a");
  province.write([&](Transaction& t) { REQUIRE(cancel_broadcast(t, gone.id, "")); });
  const auto uses = uses_of_programme(*province.session, used);
  CHECK(uses.areas == std::vector<std::string>{"hue-19753", "hue-19774"});
  CHECK(uses.nodes.empty());
  REQUIRE(uses.by.size() == 2);
  for (const auto& use : uses.by) {
    CHECK(use.name == used);
    CHECK((use.as == UsedAs::substitute) == (use.id == elsewhere.id));
    CHECK(use.area == (use.id == elsewhere.id ? "hue-19774" : "hue-19753"));
  }
  CHECK(uses_of_programme(*province.session, "p-none").by.empty());
}

TEST_CASE("who names a stock clip, and from where its nodes have it") {
  Province province;
  province.write([](Transaction& t) {
    put_clip(t, Province::clip());
    REQUIRE(put_stock_clip(t, {"flood", Province::clip().sha256, "Lũ"}));
  });
  name_stock(province, "hue-19753", "sorry");
  name_stock(province, "hue-19774", "flood");
  AlertRow alert;
  alert.alert.id = "l-1";
  alert.alert.area = "hue-19774";
  alert.alert.event = "flood";
  alert.alert.stock_clip = "flood";
  alert.lasts = std::chrono::hours(1);
  alert.token_hash = "token";
  alert.confirm_before = province.clock.now() + std::chrono::minutes(5);
  OwnSettings sorry, flood;
  sorry.stand_in = "sorry";
  flood.stand_in = "flood";
  province.write([&](Transaction& t) {
    REQUIRE(prepare_alert(t, alert));
    REQUIRE(set_area_settings(t, "hue-19753-a", sorry));
    REQUIRE(set_area_settings(t, "hue-19774", flood));
    REQUIRE(set_node_settings(t, "n-one", flood));
    REQUIRE(set_node_settings(t, "n-other", sorry));
  });
  const auto before = stock_uses(*province.session, "hue", province.clock.now());
  CHECK(lines(before) == std::vector<std::string>{"stand-in flood n-one ", "stand-in sorry hue-19753-a hue-19753", "stand-in flood hue-19774 hue-19774",
                                                  "alert flood l-1 hue-19774", "stand-in sorry n-other nowhere"});
  CHECK(lines(stock_uses(*province.session, "hue-19753-a", province.clock.now())) == std::vector<std::string>{"stand-in sorry hue-19753-a hue-19753"});
  SECTION("one that is dropped is missed where nothing else has its name") {
    province.write([](Transaction& t) {
      drop_area_stock_clip(t, "hue-19753", "sorry");
      drop_area_stock_clip(t, "hue-19774", "flood");
    });
    const auto without = left_without(before, stock_uses(*province.session, "hue", province.clock.now()));
    REQUIRE(without.size() == 1);
    CHECK(without[0] == Use{UsedAs::stand_in, "sorry", "hue-19753-a", ""});
  }
  SECTION("an alert that nobody confirmed in time names nothing any more") {
    province.clock.tick(std::chrono::minutes(6));
    CHECK(stock_uses(*province.session, "hue-19774", province.clock.now()).size() == 2);
  }
}
