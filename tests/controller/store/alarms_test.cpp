#include <catch2/catch.hpp>

#include "controller/store/alarms.hpp"
#include "controller/store/audit.hpp"
#include "controller/store/sql.hpp"
#include "tests/controller/store/fixture.hpp"

using namespace loa::store;
using namespace std::chrono_literals;

namespace {

NewAlarm about(const std::string& subject, AlarmKind kind = AlarmKind::node_signature, const std::string& area = "hue-19753") {
  return {kind, subject, area, "a message was not signed by the node's key"};
}

std::vector<Alarm> all(Province& province, AlarmFilter filter = {{"hue"}, true, {}, 500, {}}) {
  return list_alarms(*province.session, filter);
}

std::vector<std::string> subjects(const std::vector<Alarm>& alarms) {
  std::vector<std::string> list;
  for (const auto& alarm : alarms) list.push_back(alarm.subject);
  std::sort(list.begin(), list.end());
  return list;
}

/// 250 nodes that all went silent.
std::vector<NewAlarm> many(int from, int to) {
  std::vector<NewAlarm> holding;
  for (int i = from; i < to; ++i) holding.push_back(about("n-" + std::to_string(1000 + i), AlarmKind::node_unheard));
  return holding;
}

}  // namespace

TEST_CASE("the same trouble again counts on in its open alarm") {
  Province province;
  const auto first = province.write([](Transaction& t) { return raise_alarm(t, about("n-one")); });
  CHECK(first.count == 1);
  CHECK(first.id.starts_with("m-"));
  province.clock.tick(1h);
  auto more = about("n-one");
  more.count = 3;
  more.detail = "three more";
  const auto again = province.write([&](Transaction& t) { return raise_alarm(t, more); });
  CHECK(again.id == first.id);
  CHECK(again.count == 4);
  CHECK(again.first == first.first);
  CHECK(again.last == first.first + 1h);
  CHECK(all(province).at(0).detail == "three more");

  SECTION("another subject or kind is another alarm") {
    province.write([](Transaction& t) { raise_alarm(t, about("n-zone")); });
    province.write([](Transaction& t) { raise_alarm(t, about("n-one", AlarmKind::revision_ahead)); });
    CHECK(all(province).size() == 3);
  }
  SECTION("after its end it is another alarm") {
    CHECK(province.write([](Transaction& t) { return end_alarm(t, AlarmKind::node_signature, "n-one"); })->ended);
    CHECK_FALSE(province.write([](Transaction& t) { return end_alarm(t, AlarmKind::node_signature, "n-one"); }));
    const auto next = province.write([](Transaction& t) { return raise_alarm(t, about("n-one")); });
    CHECK(next.id != first.id);
    CHECK(next.count == 1);
  }
}

TEST_CASE("more open alarms of a kind than fit share one row") {
  Province province;
  province.write([](Transaction& t) {
    for (int i = 0; i < kMostOpenAlarms + 50; ++i) raise_alarm(t, about("n-" + std::to_string(i)));
    raise_alarm(t, about("n-0"));  // has its own, and keeps it
    raise_alarm(t, about("another kind", AlarmKind::unknown_node));
  });
  CHECK(count_open_alarms(*province.session)[AlarmKind::node_signature] == kMostOpenAlarms + 1);
  CHECK(count_open_alarms(*province.session)[AlarmKind::unknown_node] == 1);
  CHECK(count_open_alarms(*province.session)[AlarmKind::signing] == 0);
  for (const auto& alarm : all(province)) {
    if (alarm.subject == kOthers) CHECK(alarm.count == 50);
    if (alarm.subject == kOthers) CHECK(alarm.area.empty());
    if (alarm.subject == "n-0") CHECK(alarm.count == 2);
  }
}

TEST_CASE("alarms of what lasts are those that hold now") {
  Province province;
  const auto set = [&](std::vector<NewAlarm> holding) {
    return subjects(province.write([&](Transaction& t) { return set_alarms(t, AlarmKind::node_unheard, holding); }));
  };
  const auto one = about("n-one", AlarmKind::node_unheard);
  const auto zone = about("n-zone", AlarmKind::node_unheard, "hue-19753-a");
  using Names = std::vector<std::string>;
  CHECK(set({one, zone}) == Names{"n-one", "n-zone"});
  CHECK(set({one, zone}) == Names{});
  CHECK(set({zone}) == Names{"n-one"});
  auto moved = zone;
  moved.area = "hue-19774";
  moved.detail = "moved";
  CHECK(set({moved}) == Names{});
  CHECK(all(province, {{"hue-19774"}, false, AlarmState::open, 10, {}}).at(0).detail == "moved");
  CHECK(set({}) == Names{"n-zone"});
  CHECK(all(province, {{"hue"}, true, AlarmState::open, 10, {}}).empty());
  CHECK(all(province, {{"hue"}, true, AlarmState::ended, 10, {}}).size() == 2);

  SECTION("of very many the ones already told keep their rows") {
    province.write([](Transaction& t) { set_alarms(t, AlarmKind::node_unheard, many(200, 210)); });
    province.write([](Transaction& t) { set_alarms(t, AlarmKind::node_unheard, many(0, 250)); });
    const auto open = all(province, {{"hue"}, true, AlarmState::open, 500, {}});
    CHECK(open.size() == static_cast<std::size_t>(kMostOpenAlarms));
    const auto names = subjects(open);
    for (const auto* told : {"n-1200", "n-1209", "n-1000", kOthers}) CHECK(std::find(names.begin(), names.end(), told) != names.end());
    for (const auto& alarm : open)
      if (alarm.subject == kOthers) CHECK(alarm.count == 51);
    province.write([](Transaction& t) { set_alarms(t, AlarmKind::node_unheard, many(0, 1)); });
    CHECK(subjects(all(province, {{"hue"}, true, AlarmState::open, 500, {}})) == Names{"n-1000"});
  }
}

TEST_CASE("an event ends when a day has passed without another, what lasts does not") {
  Province province;
  province.write([](Transaction& t) {
    raise_alarm(t, about("n-one"));
    raise_alarm(t, about("n-zone"));
    raise_alarm(t, about("controller", AlarmKind::broker_files, ""));
  });
  province.clock.tick(23h);
  province.write([](Transaction& t) { raise_alarm(t, about("n-zone")); });
  province.clock.tick(1h);
  CHECK(subjects(province.write([](Transaction& t) { return sweep_alarms(t); })) == std::vector<std::string>{"n-one"});
  CHECK(all(province, {{"hue"}, true, AlarmState::open, 10, {}}).size() == 2);

  SECTION("and is forgotten a year later") {
    province.clock.tick(365 * 24h);
    province.write([](Transaction& t) { sweep_alarms(t); });
    CHECK(all(province).size() == 3);
    province.clock.tick(1h);
    province.write([](Transaction& t) { sweep_alarms(t); });
    CHECK(subjects(all(province)) == std::vector<std::string>{"controller", "n-zone"});
  }
}

TEST_CASE("an alarm is acknowledged once, with who and when, and stays open") {
  Province province;
  const auto id = province.write([](Transaction& t) { return raise_alarm(t, about("n-one")); }).id;
  CHECK(all(province, {{"hue"}, true, AlarmState::unacknowledged, 10, {}}).size() == 1);
  province.write([&](Transaction& t) { acknowledge_alarm(t, id); });
  province.clock.tick(1h);
  const auto alarm = province.write([&](Transaction& t) { return acknowledge_alarm(t, id); }, "u-another").value();
  CHECK(alarm.acknowledged_by == "u-someone");
  CHECK(alarm.acknowledged == alarm.first);
  CHECK_FALSE(alarm.ended);
  CHECK(all(province, {{"hue"}, true, AlarmState::unacknowledged, 10, {}}).empty());
  CHECK_FALSE(province.write([](Transaction& t) { return acknowledge_alarm(t, "m-none"); }));
  const auto audit = list_audit(*province.session, {"hue-19753"});
  REQUIRE(audit.at(0).action == "acknowledge");
  CHECK(audit.at(0).id == id);
}

TEST_CASE("a reader sees the alarms of their branch, and those of no branch only who answers for all") {
  Province province;
  province.write([](Transaction& t) {
    raise_alarm(t, about("n-one"));
    raise_alarm(t, about("n-zone", AlarmKind::node_signature, "hue-19753-a"));
    raise_alarm(t, about("n-other", AlarmKind::node_signature, "hue-19774"));
    raise_alarm(t, about("controller", AlarmKind::clock_behind, ""));
  });
  using Names = std::vector<std::string>;
  CHECK(subjects(all(province, {{"hue-19753"}, false, {}, 10, {}})) == Names{"n-one", "n-zone"});
  CHECK(subjects(all(province, {{"hue-19774"}, false, {}, 10, {}})) == Names{"n-other"});
  CHECK(subjects(all(province, {{"hue"}, true, {}, 10, {}})) == Names{"controller", "n-one", "n-other", "n-zone"});
  const auto first = all(province, {{"hue"}, true, {}, 3, {}});
  REQUIRE(first.size() == 3);
  CHECK(all(province, {{"hue"}, true, {}, 3, std::tuple(first.back().last, first.back().id)}).size() == 1);
}

TEST_CASE("outside words in an alarm are cut to whole characters") {
  Province province;
  auto long_one = about("n-one");
  long_one.detail = std::string(499, 'x') + "ữ and more";
  const auto alarm = province.write([&](Transaction& t) { return raise_alarm(t, long_one); });
  CHECK(alarm.detail == std::string(499, 'x'));
}
