#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include "scheduler/make_plan.hpp"

using namespace loa::scheduler;
using namespace std::chrono;

namespace {

constexpr const char* kZone = "Asia/Ho_Chi_Minh";

LocalTime local(const std::string& text) {
  const auto time = parse_local(text);
  REQUIRE(time);
  return *time;
}

TimePoint at_local(const std::string& text, const std::string& zone = kZone) { return resolve(local(text), zone).before; }

const TimePoint kNow = TimePoint{sys_days{2026y / November / 23} + hours{22}};  // 2026-11-24T05:00 in Huế, a Tuesday

Item spoken(int minutes_long) { return {.kind = ItemKind::clip, .duration = minutes{minutes_long}, .sha256 = "a", .bytes = 1}; }

Broadcast broadcast(const std::string& id, const std::string& start, const std::string& rule = "", int minutes_long = 10) {
  Broadcast b;
  b.id = id;
  b.programme_id = "p-" + id;
  b.title = "title of " + id;
  b.when = {kZone, local(start), rule};
  b.items = {spoken(minutes_long)};
  b.target_areas = {"hue"};
  return b;
}

PlanNode node(const std::string& code = "L01", std::vector<std::string> areas = {"hue", "hue-19753"}) {
  PlanNode n;
  n.id = "n-" + code;
  n.code = code;
  n.areas = std::move(areas);
  n.settings.volume = 70;
  n.brokers = {"mqtts://localhost:8883"};
  return n;
}

PolicyWindow window(int from_hour, int to_hour, std::uint8_t weekdays = 0x7f) { return {weekdays, from_hour * 60, to_hour * 60}; }

MadePlan made(const std::vector<Broadcast>& broadcasts, const Policy& policy = {}, TimePoint now = kNow, const PlanNode& n = node()) {
  return make_plan(broadcasts, n, policy, plan_window(now, n.time_zone), now, 7);
}

std::string ids(const MadePlan& answer) {
  std::string text;
  for (const Occurrence& o : answer.plan.value().occurrences) text += (text.empty() ? "" : " ") + o.id;
  return text;
}

std::string codes(const ScheduleCheck& answer) {
  std::string text;
  for (const Problem& p : answer.problems)
    text += (text.empty() ? "" : " ") + p.code + (p.refuses ? "!" : "") + (p.count > 1 ? "*" + std::to_string(p.count) : "") +
            (p.other.empty() ? "" : "(" + p.other + ")");
  return text;
}

}  // namespace

TEST_CASE("a plan covers sixteen local days, today included") {
  const PlanWindow w = plan_window(kNow, kZone);
  CHECK(w.from == kNow);
  CHECK(to_text(to_local(w.until, kZone)) == "2026-12-10T00:00:00");
}

TEST_CASE("a plan holds what is aimed at the node, resolved, by due, then id") {
  Broadcast late = broadcast("b-2", "2026-11-24T06:00:00");
  late.cls = Class::priority;
  late.legal_field = "land";
  late.origin = Origin{"source", "x", 2};
  late.volume = 80;
  late.substitutes = {spoken(1)};
  late.after_interrupt = AfterInterrupt::drop;
  late.late = LateRule::skip;
  late.late_limit = minutes{1};
  Broadcast elsewhere = broadcast("b-3", "2026-11-24T07:00:00");
  elsewhere.target_areas = {"hue-19804"};
  Broadcast by_code = broadcast("b-4", "2026-11-24T05:30:00");
  by_code.target_areas = {};
  by_code.target_nodes = {"L01"};
  const MadePlan answer = made({late, broadcast("b-1", "2026-11-24T06:00:00"), elsewhere, by_code});
  CHECK(ids(answer) == "b-4@20261123T223000Z b-1@20261123T230000Z b-2@20261123T230000Z");
  const Plan& plan = *answer.plan;
  CHECK(plan.node == "n-L01");
  CHECK(plan.revision == 7);
  CHECK(plan.made == kNow);
  CHECK(plan.utc_offset_minutes == 420);
  CHECK(plan.areas == node().areas);
  CHECK(plan.settings == node().settings);
  CHECK(plan.brokers == node().brokers);
  const Occurrence& o = plan.occurrences.back();
  CHECK(o.programme_id == "p-b-2");
  CHECK(o.title == "title of b-2");
  CHECK(o.legal_field == "land");
  CHECK(o.cls == Class::priority);
  CHECK(o.origin == late.origin);
  CHECK(o.duration == minutes{10});
  CHECK(o.items == late.items);
  CHECK(o.substitutes == late.substitutes);
  CHECK(o.after_interrupt == AfterInterrupt::drop);
  CHECK(o.late == LateRule::skip);
  CHECK(o.late_limit == minutes{1});
  CHECK(o.volume == 80);
}

TEST_CASE("a plan keeps what has not ended when it is made") {
  const Broadcast b = broadcast("b-1", "2026-11-24T04:55:00", "FREQ=DAILY;COUNT=2");
  CHECK(ids(made({b})) == "b-1@20261123T215500Z b-1@20261124T215500Z");
  CHECK(ids(made({b}, {}, kNow + minutes{5} - Millis{1})) == "b-1@20261123T215500Z b-1@20261124T215500Z");
  CHECK(ids(made({b}, {}, kNow + minutes{5})) == "b-1@20261124T215500Z");
}

TEST_CASE("what is cancelled is not in a plan") {
  Broadcast b = broadcast("b-1", "2026-11-24T06:00:00", "FREQ=DAILY;COUNT=3");
  b.cancelled_occurrences = {"b-1@20261124T230000Z"};
  CHECK(ids(made({b})) == "b-1@20261123T230000Z b-1@20261125T230000Z");
  b.cancelled_from = at_local("2026-11-26T06:00:00");
  CHECK(ids(made({b})) == "b-1@20261123T230000Z");
  b.cancelled_from = at_local("2026-11-24T06:05:00");
  CHECK(ids(made({b}, {}, *b.cancelled_from)).empty());
}

TEST_CASE("a plan of another zone takes the reading before a change of clocks") {
  PlanNode n = node();
  n.time_zone = "Europe/Berlin";
  Broadcast b = broadcast("b-1", "2027-03-28T02:30:00");
  b.when.zone = "Europe/Berlin";
  const TimePoint now = at_local("2027-03-27T12:00:00", "Europe/Berlin");
  CHECK(ids(make_plan({b}, n, {}, plan_window(now, n.time_zone), now, 1)) == "b-1@20270328T013000Z");
}

TEST_CASE("a plan has a stated most of occurrences, and says which broadcasts it cannot read") {
  std::vector<Broadcast> many;
  for (int i = 0; i < 6; ++i)
    many.push_back(broadcast("b-" + std::to_string(i), "2026-11-24T00:00:00", "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23"));
  CHECK(made({many.begin(), many.begin() + 5}).plan->occurrences.size() == 5 * (16 * 24 - 5));
  const MadePlan refused = made(many);
  CHECK_FALSE(refused.plan);
  CHECK(refused.refusal.value().code == "too_many");
  const MadePlan partly = made({broadcast("b-bad", "2026-11-24T06:00:00", "FREQ=SECONDLY"), broadcast("b-1", "2026-11-24T06:00:00")});
  CHECK(ids(partly) == "b-1@20261123T230000Z");
  REQUIRE(partly.unusable.size() == 1);
  CHECK(partly.unusable[0].other == "b-bad");
  PlanNode lost = node();
  lost.time_zone = "Nowhere";
  CHECK(make_plan({}, lost, {}, {kNow, kNow + hours{1}}, kNow, 1).refusal.value().code == "unknown_zone");
}

TEST_CASE("settings are inherited down the area tree") {
  const Policy province{.windows = std::vector{window(5, 20)}, .max_session_minutes = 45, .max_sessions_a_day = 3};
  const Policy ward{.max_session_minutes = 15};
  const Policy resolved = resolve_policy({province, ward, {}});
  CHECK(resolved.windows == province.windows);
  CHECK(resolved.max_session_minutes == 15);
  CHECK(resolved.max_sessions_a_day == 3);
  CHECK(resolve_policy({}) == Policy{});
}

TEST_CASE("a policy that makes no sense is refused") {
  CHECK_FALSE(check_policy({}));
  CHECK_FALSE(check_policy({.windows = std::vector<PolicyWindow>{}}));
  CHECK(check_policy({.windows = std::vector{window(6, 6)}})->where == "/windows/0");
  CHECK(check_policy({.windows = std::vector{window(5, 7), window(6, 25)}})->where == "/windows/1");
  CHECK(check_policy({.windows = std::vector{window(5, 7, 0)}})->where == "/windows/0/weekdays");
  CHECK(check_policy({.max_session_minutes = 0})->where == "/max_session_minutes");
  CHECK(check_policy({.max_sessions_a_day = -1})->where == "/max_sessions_a_day");
}

TEST_CASE("an occurrence must lie wholly in the windows") {
  constexpr std::uint8_t kWorkdays = 0x1f;
  struct Row {
    const char* name;
    std::vector<PolicyWindow> windows;
    const char* start;
    int minutes_long;
    bool inside;
  };
  const Row rows[] = {
      {"from its first minute", {window(5, 7)}, "2026-11-24T05:00:00", 10, true},
      {"to its last minute", {window(5, 7)}, "2026-11-24T06:50:00", 10, true},
      {"not a second before", {window(5, 7)}, "2026-11-24T04:59:59", 10, false},
      {"not a minute after", {window(5, 7)}, "2026-11-24T06:51:00", 10, false},
      {"in the second window", {window(5, 7), window(16, 18)}, "2026-11-24T17:00:00", 10, true},
      {"not between two", {window(5, 7), window(16, 18)}, "2026-11-24T12:00:00", 10, false},
      {"over two that touch", {window(6, 7), window(5, 6)}, "2026-11-24T05:55:00", 10, true},
      {"on a workday", {window(5, 7, kWorkdays)}, "2026-11-24T05:00:00", 10, true},
      {"not on a Saturday", {window(5, 7, kWorkdays)}, "2026-11-28T05:00:00", 10, false},
      {"not on a Sunday", {window(5, 7, kWorkdays)}, "2026-11-29T05:00:00", 10, false},
      {"over midnight where both days allow it", {window(22, 24), window(0, 1)}, "2026-11-24T23:55:00", 10, true},
      {"not over midnight where the next day does not", {window(22, 24)}, "2026-11-24T23:55:00", 10, false},
      {"up to midnight", {window(22, 24)}, "2026-11-24T23:50:00", 10, true},
      {"never where there is no window", {}, "2026-11-24T12:00:00", 10, false},
      {"overlapping windows are one", {window(5, 7), window(6, 8)}, "2026-11-24T06:30:00", 60, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(inside_windows({.windows = row.windows}, at_local(row.start), minutes{row.minutes_long}, kZone) == row.inside);
  }
  CHECK(inside_windows({}, kNow, hours{30}, kZone));
}

TEST_CASE("a policy takes out what is outside its windows and over its quota, and says so") {
  const Policy policy{.windows = std::vector{window(5, 18)}, .max_session_minutes = 15, .max_sessions_a_day = 2};
  const MadePlan answer = made({broadcast("b-1", "2026-11-24T05:00:00"), broadcast("b-2", "2026-11-24T05:10:00"),
                                broadcast("b-3", "2026-11-24T05:12:00", "", 3), broadcast("b-4", "2026-11-24T10:00:00"),
                                broadcast("b-5", "2026-11-24T12:00:00"), broadcast("b-6", "2026-11-24T19:00:00"),
                                broadcast("b-7", "2026-11-25T12:00:00"), broadcast("b-8", "2026-11-25T13:00:00", "", 16)},
                               policy);
  CHECK(ids(answer) == "b-1@20261123T220000Z b-3@20261123T221200Z b-4@20261124T030000Z b-7@20261125T050000Z");
  std::string taken;
  for (const Veto& v : answer.vetoes) taken += v.occurrence_id.substr(0, 3) + ":" + v.code + " ";
  CHECK(taken == "b-2:quota_minutes b-5:quota_sessions b-6:outside_window b-8:quota_minutes ");
}

TEST_CASE("sessions of the day that are already over count at a renewal") {
  const Policy policy{.max_sessions_a_day = 2};
  const std::vector<Broadcast> all = {broadcast("b-1", "2026-11-24T05:00:00"), broadcast("b-2", "2026-11-24T10:00:00"), broadcast("b-3", "2026-11-24T15:00:00")};
  const MadePlan renewed = made(all, policy, at_local("2026-11-24T12:00:00"));
  CHECK(ids(renewed).empty());
  REQUIRE(renewed.vetoes.size() == 1);
  CHECK(renewed.vetoes[0].code == "quota_sessions");
}

TEST_CASE("everything that would stop a schedule is said before it is saved") {
  const std::vector<Place> places = {{node(), {.windows = std::vector{window(5, 18)}, .max_session_minutes = 15, .max_sessions_a_day = 2}}};
  const std::vector<Broadcast> others = {broadcast("b-old", "2026-11-24T10:00:00", "FREQ=DAILY")};
  struct Row {
    const char* name;
    std::function<void(Broadcast&)> change;
    const char* codes;
  };
  const Row rows[] = {
      {"nothing to say", [](Broadcast&) {}, ""},
      {"a start in the past", [](Broadcast& b) { b.when.start = local("2026-11-24T04:59:00"); }, "past_start!"},
      {"outside the window", [](Broadcast& b) { b.when.start = local("2026-11-24T20:00:00"); }, "outside_window!"},
      {"outside the window on all of sixteen days",
       [](Broadcast& b) { b.when.start = local("2026-11-24T20:00:00"); b.when.rrule = "FREQ=DAILY"; }, "outside_window!*16"},
      {"longer than a session", [](Broadcast& b) { b.items = {spoken(16)}; }, "quota_minutes! too_long!"},
      {"a session too long with its neighbour", [](Broadcast& b) { b.when.start = local("2026-11-24T10:12:00"); }, "quota_minutes!"},
      {"it would push another out",
       [](Broadcast& b) { b.when.start = local("2026-11-24T09:50:00"); }, "quota_minutes!(b-old@20261124T030000Z)"},
      {"nothing to be heard", [](Broadcast& b) { b.items.clear(); }, "no_items!"},
      {"no node", [](Broadcast& b) { b.target_areas = {"hue-1"}; }, "no_nodes!"},
      {"never occurs", [](Broadcast& b) { b.when.rrule = "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"; }, "never_occurs!"},
      {"a rule that is not taken", [](Broadcast& b) { b.when.rrule = "FREQ=SECONDLY"; }, "bad_rule!"},
      {"an unknown zone", [](Broadcast& b) { b.when.zone = "Asia/Hue"; }, "unknown_zone!"},
      {"at the same time as another",
       [](Broadcast& b) { b.when.start = local("2026-11-24T10:05:00"); }, "overlaps(b-old@20261124T030000Z)"},
      {"above another", [](Broadcast& b) { b.when.start = local("2026-11-24T10:05:00"); b.cls = Class::priority; },
       "overlaps(b-old@20261124T030000Z)"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Broadcast b = broadcast("b-new", "2026-11-24T06:00:00");
      row.change(b);
      const ScheduleCheck answer = check_schedule(b, others, places, kNow);
      CHECK(codes(answer) == row.codes);
      for (const Problem& p : answer.problems) {
        CHECK_FALSE(p.message.empty());
        CHECK_FALSE(p.where.empty());
        CHECK(std::find(std::begin(kProblemCodes), std::end(kProblemCodes), p.code) != std::end(kProblemCodes));
      }
    }
  }
  SECTION("a first time in a month is looked at with the days around it") {
    Broadcast b = broadcast("b-new", "2026-12-25T06:00:00", "FREQ=DAILY");
    const auto well = check_schedule(b, others, places, kNow);
    CHECK(codes(well).empty());
    REQUIRE(well.coming.size() == 15);  // the sixteen days begin with the one before
    CHECK(well.coming.front().local == local("2026-12-25T06:00:00"));
    b.when.start = local("2026-12-25T20:00:00");
    CHECK(codes(check_schedule(b, others, places, kNow)) == "outside_window!*15");
    b.when = {b.when.zone, local("2026-12-25T10:05:00"), "FREQ=MONTHLY"};
    CHECK(codes(check_schedule(b, others, places, kNow)) == "overlaps(b-old@20261225T030000Z)");
  }
  SECTION("the third session of a day") {
    const std::vector<Broadcast> two = {broadcast("b-1", "2026-11-24T05:00:00"), broadcast("b-2", "2026-11-24T07:00:00")};
    CHECK(codes(check_schedule(broadcast("b-new", "2026-11-24T12:00:00"), two, places, kNow)) == "quota_sessions!");
    CHECK(codes(check_schedule(broadcast("b-new", "2026-11-24T06:00:00"), two, places, kNow)) == "quota_sessions!(b-2@20261124T000000Z)");
  }
  SECTION("a changed one does not stand in its own way, and may have begun before") {
    Broadcast b = others[0];
    b.when.start = local("2026-11-20T10:00:00");
    b.title = "changed";
    CHECK(codes(check_schedule(b, others, places, kNow, false)).empty());
    CHECK(codes(check_schedule(b, others, places, kNow, true)) == "past_start!");
  }
  SECTION("clocks that change are a warning") {
    Broadcast b = broadcast("b-new", "2027-03-01T02:30:00", "FREQ=DAILY;COUNT=60");
    b.when.zone = "Europe/Berlin";
    CHECK(codes(check_schedule(b, {}, {{node(), {}}}, kNow)) == "nonexistent_local_time");
    b.when.start = local("2027-10-01T02:30:00");
    CHECK(codes(check_schedule(b, {}, {{node(), {}}}, kNow)) == "ambiguous_local_time");
  }
  SECTION("a node whose plan would be refused is named, just where make_plan refuses") {
    auto place = Place{node(), {}};
    const auto short_one = [](const std::string& id, int count) {
      Broadcast b = broadcast(id, "2026-11-24T06:00:00",
                              "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;COUNT=" + std::to_string(count));
      b.items = {{.kind = ItemKind::clip, .duration = seconds{1}, .sha256 = "a", .bytes = 1}};
      return b;
    };
    std::vector<Broadcast> five;
    for (int i = 0; i < 5; ++i) five.push_back(short_one("b-" + std::to_string(i), 350));
    for (const int count : {250, 251}) {
      CAPTURE(count);
      const auto answer = check_schedule(short_one("b-new", count), five, {place}, kNow);
      const bool full = codes(answer).find("plan_full!") != std::string::npos;
      auto all = five;
      all.push_back(short_one("b-new", count));
      CHECK(full == (count > 250));
      CHECK(full == !made(all).plan.has_value());
      if (full) CHECK(answer.problems.at(0).nodes == std::vector<std::string>{place.node.id});
    }
    Place above = place, below = place;
    below.node.id = "n-2";
    below.node.areas = {"hue-1"};
    CHECK(check_schedule(short_one("b-new", 251), five, {above, below}, kNow).problems.at(0).count == 1);
  }
  SECTION("the coming occurrences are shown") {
    const ScheduleCheck answer = check_schedule(broadcast("b-new", "2026-11-24T06:00:00", "FREQ=DAILY;COUNT=3"), {}, places, kNow);
    REQUIRE(answer.coming.size() == 3);
    CHECK_FALSE(answer.refused());
    CHECK(to_text(answer.coming[1].local) == "2026-11-25T06:00:00");
    CHECK(answer.coming[1].end - answer.coming[1].due == minutes{10});
  }
}

TEST_CASE("a plan made later agrees with the one made before on what both cover") {
  CHECK(rc::check("renewal", [] {
    std::vector<Broadcast> all;
    const int count = *rc::gen::inRange(1, 6);
    for (int i = 0; i < count; ++i) {
      Broadcast b = broadcast("b-" + std::to_string(i), "2026-11-24T00:00:00", *rc::gen::element<std::string>("", "FREQ=DAILY", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=MO,WE,SA"),
                              *rc::gen::inRange(1, 20));
      b.when.start += minutes{*rc::gen::inRange(0, 3 * 24 * 60)};
      all.push_back(b);
    }
    Policy policy;
    if (*rc::gen::arbitrary<bool>()) policy.max_sessions_a_day = *rc::gen::inRange(1, 4);
    if (*rc::gen::arbitrary<bool>()) policy.max_session_minutes = *rc::gen::inRange(5, 40);
    const TimePoint later = kNow + minutes{*rc::gen::inRange(0, 10 * 24 * 60)};
    const Plan before = made(all, policy).plan.value();
    const Plan after = made(all, policy, later).plan.value();
    std::vector<Occurrence> wanted, got;
    for (const auto& o : before.occurrences)
      if (o.end() > later) wanted.push_back(o);
    for (const auto& o : after.occurrences)
      if (o.due < before.until) got.push_back(o);
    RC_ASSERT(wanted == got);
  }));
}
