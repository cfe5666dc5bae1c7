#include <catch2/catch.hpp>

#include "controller/store/audit.hpp"
#include "tests/controller/store/fixture.hpp"

using namespace loa::store;
using Ids = std::vector<std::string>;

namespace {
Ids ids_of(const std::vector<Area>& areas) {
  Ids ids;
  for (const auto& area : areas) ids.push_back(area.id);
  return ids;
}
}  // namespace

TEST_CASE("the tree of areas answers for branches") {
  Province province;
  auto& session = *province.session;
  CHECK(chain(session, "hue-19753-a") == Ids{"hue", "hue-19753", "hue-19753-a"});
  CHECK(chain(session, "nowhere").empty());

  struct Row {
    const char* name;
    Ids roots;
    Ids found;
  };
  const Row rows[] = {
      {"the whole province", {"hue"}, {"hue", "hue-19753", "hue-19774", "hue-19753-a"}},
      {"a commune with its zone", {"hue-19753"}, {"hue-19753", "hue-19753-a"}},
      {"two branches", {"hue-19774", "hue-19753-a"}, {"hue-19774", "hue-19753-a"}},
      {"an id that is part of another", {"hue-1975"}, {}},
      {"none", {}, {}},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(ids_of(subtree(session, row.roots)) == row.found);
  }
  CHECK(is_within(session, "hue-19753-a", {"hue-19753"}));
  CHECK_FALSE(is_within(session, "hue-19753", {"hue-19753-a"}));
}

TEST_CASE("an area is refused where it would break the tree") {
  Province province;
  struct Row {
    const char* name;
    Area area;
  };
  const Row rows[] = {
      {"an id that is taken", Province::area("hue-19774", "hue", "")},
      {"upper case in the id", Province::area("Hue-2", "hue", "")},
      {"an empty id", Province::area("", "hue", "")},
      {"an id of 41 characters", Province::area(std::string(41, 'a'), "hue", "")},
      {"a parent that is not there", Province::area("hue-2", "nowhere", "")},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK_FALSE(province.write([&](Transaction& t) { return add_area(t, row.area); }));
  }
  auto moved = *find_area(*province.session, "hue-19753");
  moved.parent = "hue-19753-a";
  CHECK_FALSE(province.write([&](Transaction& t) { return update_area(t, moved); }));
}

TEST_CASE("a chain of areas goes no deeper than a message can name") {
  Province province;
  std::string parent = "hue-19753-a";
  for (int level = 4; level <= 8; ++level) {
    const auto id = "deep-" + std::to_string(level);
    CHECK(province.write([&](Transaction& t) { return add_area(t, Province::area(id, parent, "")); }));
    parent = id;
  }
  CHECK_FALSE(province.write([&](Transaction& t) { return add_area(t, Province::area("deep-9", parent, "")); }));
  auto moved = *find_area(*province.session, "hue-19753");
  moved.parent = "hue-19774";
  CHECK_FALSE(province.write([&](Transaction& t) { return update_area(t, moved); }));
}

TEST_CASE("every field of an area is kept") {
  Province province;
  auto area = Province::area("hue-19900", "hue", "19900");
  area.old_codes = {"19901", "19902"};
  area.time_zone = "Asia/Bangkok";
  area.latitude = 16.4785;
  area.longitude = 107.5772;
  area.km2 = 10.4;
  area.policy.limits.windows = std::vector<loa::scheduler::PolicyWindow>{{0x1f, 300, 420}, {0x60, 0, 1440}};
  area.policy.limits.max_session_minutes = 15;
  area.policy.self_approval = true;
  area.settings.mute = false;
  area.settings.volume = 60;
  area.settings.volume_by_hour = std::vector<loa::scheduler::VolumeHours>{{1260, 1440, 30}};
  REQUIRE(province.write([&](Transaction& t) { return add_area(t, area); }));
  CHECK(find_area(*province.session, "hue-19900") == area);
  CHECK(find_area_by_code(*province.session, "19902")->id == "hue-19900");
  CHECK_FALSE(find_area_by_code(*province.session, "1990"));
}

TEST_CASE("settings and policy are inherited down the chain") {
  Province province;
  auto& session = *province.session;
  province.write([](Transaction& t) {
    set_area_settings(t, "hue", {.volume = 80, .alert_volume = 90});
    set_area_settings(t, "hue-19753", {.mute = true, .volume = 50});
    set_area_settings(t, "hue-19753-a", {.mute = false});
    AreaPolicy policy;
    policy.limits.max_sessions_a_day = 3;
    policy.self_approval = true;
    set_area_policy(t, "hue", policy);
    policy = {};
    policy.limits.windows = std::vector<loa::scheduler::PolicyWindow>{};
    set_area_policy(t, "hue-19753", policy);
  });
  const auto zone = inherited(session, "hue-19753-a");
  CHECK(zone.mute);
  CHECK(zone.muted_by == "hue-19753");
  CHECK(zone.volume == 50);
  CHECK(zone.alert_volume == 90);
  CHECK(zone.policy.max_sessions_a_day == 3);
  CHECK(zone.policy.windows->empty());
  CHECK(zone.self_approval);
  CHECK(zone.time_zone == "Asia/Ho_Chi_Minh");
  CHECK_FALSE(inherited(session, "hue-19774").mute);
}

TEST_CASE("a write and its audit row stand or fall together") {
  Province province;
  auto& session = *province.session;
  const auto before = list_audit(session, {"hue"}, true).size();
  {
    Transaction transaction(session, Actor{"u-1", "10.0.0.9"}, province.clock.now());
    CHECK(add_area(transaction, Province::area("hue-3", "hue", "3")));
  }
  CHECK_FALSE(find_area(session, "hue-3"));
  CHECK(list_audit(session, {"hue"}, true).size() == before);
  province.write([](Transaction& t) { return add_area(t, Province::area("hue-3", "hue", "3")); }, "u-2");
  const auto rows = list_audit(session, {"hue-3"});
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].user == "u-2");
  CHECK(rows[0].address == "10.0.0.1");
  CHECK(rows[0].action == "add");
  CHECK(rows[0].at == province.clock.now());
}
