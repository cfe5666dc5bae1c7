#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <chrono>
#include <sstream>

#include "scheduler/recurrence.hpp"
#include "scheduler/rule.hpp"

using namespace loa::scheduler;
using namespace std::chrono;

namespace {

LocalTime local(const char* text) {
  const auto time = parse_local(text);
  REQUIRE(time);
  return *time;
}

TimePoint utc(const char* text) {
  const auto time = parse_rfc3339(text);
  REQUIRE(time);
  return *time;
}

std::string told(const Expansion& expansion) {
  std::string text;
  for (const Resolved& t : expansion.times) text += (text.empty() ? "" : " ") + to_basic(t.before);
  return text;
}

double milliseconds_of(const std::function<void()>& work) {
  const auto start = steady_clock::now();
  work();
  return duration<double, std::milli>(steady_clock::now() - start).count();
}

constexpr const char* kHue = "Asia/Ho_Chi_Minh";
constexpr const char* kBerlin = "Europe/Berlin";

}  // namespace

TEST_CASE("a recurrence is expanded by the wall clock of its zone") {
  struct Row {
    const char* name;
    const char* zone;
    const char* start;
    const char* rule;
    const char* from;
    const char* until;
    const char* times;
  };
  const Row rows[] = {
      {"once", kHue, "2026-11-24T06:00:00", "", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "20261123T230000Z"},
      {"once, from is inclusive", kHue, "2026-11-24T06:00:00", "", "2026-11-23T23:00:00Z", "2026-12-01T00:00:00Z", "20261123T230000Z"},
      {"once, until is not", kHue, "2026-11-24T06:00:00", "", "2026-11-01T00:00:00Z", "2026-11-23T23:00:00Z", ""},
      {"daily", kHue, "2026-11-24T06:00:00", "FREQ=DAILY", "2026-11-25T00:00:00Z", "2026-11-28T00:00:00Z",
       "20261125T230000Z 20261126T230000Z 20261127T230000Z"},
      {"every third day keeps its step far from the start", kHue, "2026-01-01T06:00:00", "FREQ=DAILY;INTERVAL=3", "2026-11-24T00:00:00Z",
       "2026-12-01T00:00:00Z", "20261126T230000Z 20261129T230000Z"},
      {"weekly by days", kHue, "2026-11-24T17:00:00", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "2026-11-24T00:00:00Z", "2026-12-01T00:00:00Z",
       "20261125T100000Z 20261127T100000Z 20261130T100000Z"},
      {"weekly without a day takes the start's", kHue, "2026-11-24T17:00:00", "FREQ=WEEKLY", "2026-11-24T00:00:00Z", "2026-12-10T00:00:00Z",
       "20261124T100000Z 20261201T100000Z 20261208T100000Z"},
      {"every second week", kHue, "2026-11-24T17:00:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=MO", "2026-11-24T00:00:00Z",
       "2026-12-20T00:00:00Z", "20261129T100000Z 20261213T100000Z"},
      {"hours before the start's own, from a day after the start", kHue, "2026-11-24T17:00:00", "FREQ=WEEKLY;BYDAY=WE;BYHOUR=5,18",
       "2026-11-24T00:00:00Z", "2026-11-26T00:00:00Z", "20261124T220000Z 20261125T110000Z"},
      {"not hours before the start on its own day", kHue, "2026-11-25T17:00:00", "FREQ=WEEKLY;BYDAY=WE;BYHOUR=5,18",
       "2026-11-24T00:00:00Z", "2026-11-26T00:00:00Z", "20261125T110000Z"},
      {"two hours a day", kHue, "2026-11-24T05:00:00", "FREQ=DAILY;BYHOUR=5,17;BYMINUTE=0,30", "2026-11-23T00:00:00Z", "2026-11-24T12:00:00Z",
       "20261123T220000Z 20261123T223000Z 20261124T100000Z 20261124T103000Z"},
      {"the 31st only in months that have it", kHue, "2026-01-31T06:00:00", "FREQ=MONTHLY", "2026-02-01T00:00:00Z", "2026-06-01T00:00:00Z",
       "20260330T230000Z 20260530T230000Z"},
      {"the last day of each month", kHue, "2026-01-31T06:00:00", "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-02-01T00:00:00Z",
       "2026-04-01T00:00:00Z", "20260227T230000Z 20260330T230000Z"},
      {"the second Tuesday", kHue, "2026-11-01T06:00:00", "FREQ=MONTHLY;BYDAY=2TU", "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z",
       "20261109T230000Z 20261207T230000Z"},
      {"the last working day", kHue, "2026-11-01T06:00:00", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-11-01T00:00:00Z",
       "2027-01-01T00:00:00Z", "20261129T230000Z 20261230T230000Z"},
      {"yearly", kHue, "2024-02-29T06:00:00", "FREQ=YEARLY", "2024-01-01T00:00:00Z", "2033-01-01T00:00:00Z",
       "20240228T230000Z 20280228T230000Z 20320228T230000Z"},
      {"COUNT", kHue, "2026-11-24T06:00:00", "FREQ=DAILY;COUNT=2", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z",
       "20261123T230000Z 20261124T230000Z"},
      {"UNTIL as a date includes that local day", kHue, "2026-11-24T06:00:00", "FREQ=DAILY;UNTIL=20261125", "2026-11-01T00:00:00Z",
       "2026-12-01T00:00:00Z", "20261123T230000Z 20261124T230000Z"},
      {"UNTIL as a local time is inclusive", kHue, "2026-11-24T06:00:00", "FREQ=DAILY;UNTIL=20261125T060000", "2026-11-01T00:00:00Z",
       "2026-12-01T00:00:00Z", "20261123T230000Z 20261124T230000Z"},
      {"UNTIL in UTC is inclusive", kHue, "2026-11-24T06:00:00", "FREQ=DAILY;UNTIL=20261124T230000Z", "2026-11-01T00:00:00Z",
       "2026-12-01T00:00:00Z", "20261123T230000Z 20261124T230000Z"},
      {"a rule that does not match its start begins with the first match", kHue, "2026-11-24T06:00:00", "FREQ=WEEKLY;BYDAY=SA;COUNT=1",
       "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z", "20261127T230000Z"},
      {"the wall clock stays over the end of summer time", kBerlin, "2026-10-24T06:00:00", "FREQ=DAILY", "2026-10-24T00:00:00Z",
       "2026-10-27T00:00:00Z", "20261024T040000Z 20261025T050000Z 20261026T050000Z"},
      {"a gap shifts one day and not those after it", kBerlin, "2026-03-28T02:30:00", "FREQ=DAILY", "2026-03-28T00:00:00Z",
       "2026-03-31T00:00:00Z", "20260328T013000Z 20260329T013000Z 20260330T003000Z"},
      {"of a time that exists twice the first", kBerlin, "2026-10-25T02:30:00", "", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z",
       "20261025T003000Z"},
      {"nothing when from is not before until", kHue, "2026-11-24T06:00:00", "FREQ=DAILY", "2026-12-01T00:00:00Z", "2026-11-01T00:00:00Z", ""},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const Recurrence when{row.zone, local(row.start), row.rule};
      CHECK_FALSE(check(when));
      const Expansion expansion = expand(when, utc(row.from), utc(row.until), 1000);
      CHECK(expansion.complete);
      CHECK(told(expansion) == row.times);
    }
  }
}

TEST_CASE("dates are added and taken away") {
  Recurrence when{kHue, local("2026-11-24T06:00:00"), "FREQ=DAILY;COUNT=3"};
  when.exdate = {local("2026-11-25T06:00:00"), local("2026-11-24T06:00:01")};
  when.rdate = {local("2026-11-30T09:00:00"), local("2026-11-26T06:00:00"), local("2026-11-20T06:00:00")};
  CHECK(told(expand(when, utc("2026-11-01T00:00:00Z"), utc("2027-01-01T00:00:00Z"), 100)) ==
        "20261119T230000Z 20261123T230000Z 20261125T230000Z 20261130T020000Z");
  when.exdate.push_back(local("2026-11-30T09:00:00"));
  CHECK(told(expand(when, utc("2026-11-27T00:00:00Z"), utc("2027-01-01T00:00:00Z"), 100)).empty());
}

TEST_CASE("a local time that does not exist or exists twice is given with both readings") {
  const Resolved gap = resolve(local("2026-03-29T02:30:00"), kBerlin);
  CHECK(gap.kind == LocalKind::nonexistent);
  CHECK(to_basic(gap.before) == "20260329T013000Z");
  CHECK(to_basic(gap.after) == "20260329T003000Z");
  const Resolved twice = resolve(local("2026-10-25T02:30:00"), kBerlin);
  CHECK(twice.kind == LocalKind::ambiguous);
  CHECK(to_basic(twice.before) == "20261025T003000Z");
  CHECK(to_basic(twice.after) == "20261025T013000Z");
  const Resolved plain = resolve(local("2026-11-24T06:00:00"), kHue);
  CHECK(plain.kind == LocalKind::unique);
  CHECK(plain.before == plain.after);
  const Recurrence weekly{kBerlin, local("2026-03-22T02:30:00"), "FREQ=WEEKLY;COUNT=2"};
  CHECK(expand(weekly, utc("2026-03-01T00:00:00Z"), utc("2026-05-01T00:00:00Z"), 10).times.at(1).kind == LocalKind::nonexistent);
}

TEST_CASE("local times are read strictly") {
  CHECK(to_text(local("2026-11-24T06:00:00")) == "2026-11-24T06:00:00");
  for (const char* text : {"2026-11-24T06:00", "2026-11-24 06:00:00", "2026-02-30T06:00:00", "2026-11-24T06:00:00Z", "1969-12-31T00:00:00",
                           "2200-01-01T00:00:00", "2026-11-24T24:00:00", ""}) {
    CAPTURE(text);
    CHECK_FALSE(parse_local(text));
  }
}

TEST_CASE("a rule that is not taken is refused and says why") {
  struct Row {
    const char* rule;
    const char* code;
    const char* message;
  };
  const Row rows[] = {
      // The two that make libical work for half a second, and not return at all.
      {"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never_occurs", "never occurs"},
      {"FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "bad_rule", "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY, not MINUTELY"},
      {"FREQ=SECONDLY", "bad_rule", "not SECONDLY"},
      {"FREQ=HOURLY", "bad_rule", "not HOURLY"},
      {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never_occurs", "never occurs"},
      {"FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31", "never_occurs", "never occurs"},
      {"FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=-30", "never_occurs", "never occurs"},
      {"FREQ=DAILY;INTERVAL=7;BYDAY=MO", "never_occurs", "never occurs"},
      {"FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "never_occurs", "never occurs"},
      {"FREQ=MONTHLY;BYDAY=5MO;BYSETPOS=2", "never_occurs", "never occurs"},
      {"FREQ=DAILY;UNTIL=20261101", "never_occurs", "never occurs"},
      {"", "", ""},
      {"FREQ=DAILY;COUNT=0", "bad_rule", "COUNT must be a number from 1 to 10000"},
      {"FREQ=DAILY;COUNT=10001", "bad_rule", "COUNT must be"},
      {"FREQ=DAILY;COUNT=99999999999999999999", "bad_rule", "COUNT must be"},
      {"FREQ=DAILY;INTERVAL=0", "bad_rule", "INTERVAL must be a number from 1 to 1000"},
      {"FREQ=DAILY;INTERVAL=-1", "bad_rule", "INTERVAL must be"},
      {"FREQ=DAILY;COUNT=2;UNTIL=20270101", "bad_rule", "cannot stand together"},
      {"FREQ=DAILY;UNTIL=tomorrow", "bad_rule", "UNTIL must be like"},
      {"FREQ=DAILY;UNTIL=20270230", "bad_rule", "UNTIL must be like"},
      {"FREQ=DAILY;BYHOUR=24", "bad_rule", "BYHOUR must hold numbers from 0 to 23, not \"24\""},
      {"FREQ=DAILY;BYHOUR=-1", "bad_rule", "BYHOUR must hold"},
      {"FREQ=DAILY;BYHOUR=6,6", "bad_rule", "BYHOUR names 6 twice"},
      {"FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,10,20,30,40", "bad_rule", "more than 24 times a day"},
      {"FREQ=DAILY;BYMONTH=13", "bad_rule", "BYMONTH must hold"},
      {"FREQ=MONTHLY;BYMONTHDAY=0", "bad_rule", "BYMONTHDAY must hold"},
      {"FREQ=MONTHLY;BYMONTHDAY=32", "bad_rule", "BYMONTHDAY must hold"},
      {"FREQ=WEEKLY;BYMONTHDAY=1", "bad_rule", "BYMONTHDAY cannot stand in a WEEKLY rule"},
      {"FREQ=DAILY;BYMONTHDAY=-1", "bad_rule", "BYMONTHDAY counts from the end only in MONTHLY and YEARLY rules"},
      {"FREQ=WEEKLY;BYDAY=XX", "bad_rule", "not \"XX\""},
      {"FREQ=WEEKLY;BYDAY=2MO", "bad_rule", "counts days only in MONTHLY and YEARLY"},
      {"FREQ=MONTHLY;BYDAY=6MO", "bad_rule", "counts further"},
      {"FREQ=MONTHLY;BYDAY=0MO", "bad_rule", "BYDAY must hold"},
      {"FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=3", "bad_rule", "cannot stand together"},
      {"FREQ=DAILY;BYSETPOS=1", "bad_rule", "BYSETPOS is taken only"},
      {"FREQ=DAILY;BYSECOND=1", "bad_rule", "BYSECOND is not supported"},
      {"FREQ=YEARLY;BYWEEKNO=1", "bad_rule", "BYWEEKNO is not supported"},
      {"FREQ=YEARLY;BYYEARDAY=1", "bad_rule", "BYYEARDAY is not supported"},
      {"RSCALE=CHINESE;FREQ=YEARLY", "bad_rule", "RSCALE is not supported"},
      {"FREQ=DAILY;FREQ=DAILY", "bad_rule", "FREQ stands twice"},
      {"FREQ=DAILY;", "bad_rule", "not NAME=VALUE"},
      {"freq=daily", "bad_rule", "FREQ is missing"},
      {"COUNT=3", "bad_rule", "FREQ is missing"},
      {"FREQ=DAILY;WKST=XX", "bad_rule", "WKST must be"},
      {"hello", "bad_rule", "not NAME=VALUE"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    const Recurrence when{kHue, local("2026-11-24T06:00:00"), row.rule};
    const auto problem = check(when);
    REQUIRE(problem.has_value() == (std::string{row.code} != ""));
    if (!problem) continue;
    CHECK(problem->code == row.code);
    CHECK_THAT(problem->message, Catch::Contains(row.message));
    CHECK(problem->where == "/rrule");
    if (problem->code == "bad_rule") CHECK_FALSE(expand(when, TimePoint{}, utc("2030-01-01T00:00:00Z"), 10).complete);
  }
}

TEST_CASE("other parts of a recurrence are refused too") {
  const LocalTime start = local("2026-11-24T06:00:00");
  CHECK(check({"Asia/Hue", start, ""})->code == "unknown_zone");
  CHECK(check({"../../etc/passwd", start, ""})->code == "unknown_zone");
  CHECK(check({"", start, ""})->code == "unknown_zone");
  CHECK(check({kHue, start - years{100}, ""})->code == "bad_time");
  CHECK(check({kHue, start, "", {}, {start}})->code == "never_occurs");
  CHECK(check({kHue, start, "FREQ=DAILY;COUNT=1", {}, {start}})->code == "never_occurs");
  CHECK_FALSE(check({kHue, start, "", {start + days{1}}, {start}}));
  CHECK(check({kHue, start, "", std::vector<LocalTime>(kMaxDates + 1, start), {}})->code == "bad_rule");
  CHECK(check({kHue, start, std::string(600, 'A')})->code == "bad_rule");
}

TEST_CASE("no rule can hold a thread") {
  // Each limit is many times what is measured, and far below what libical takes by itself.
  const LocalTime start = local("2026-11-24T06:00:00");
  for (const char* rule : {"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
                           "FREQ=MONTHLY;BYDAY=5MO;BYSETPOS=2", "FREQ=DAILY;INTERVAL=7;BYDAY=MO", "FREQ=YEARLY;INTERVAL=1000;BYMONTH=1"}) {
    CAPTURE(rule);
    const Recurrence when{kHue, start, rule};
    CHECK(milliseconds_of([&] { CHECK(check(when)); }) < 300);
    CHECK(milliseconds_of([&] { CHECK(expand(when, utc("2026-11-24T00:00:00Z"), utc("2026-12-10T00:00:00Z"), 100).times.empty()); }) < 50);
  }
  const Recurrence endless{kHue, local("1970-01-01T00:00:00"), "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23"};
  Expansion all;
  CHECK(milliseconds_of([&] { all = expand(endless, TimePoint{}, utc("2199-01-01T00:00:00Z"), 1000000); }) < 3000);
  CHECK_FALSE(all.complete);
  CHECK(expand(endless, TimePoint{}, utc("2199-01-01T00:00:00Z"), 7).times.size() == 7);
}

namespace {

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

rc::Gen<std::string> some_rule() {
  return rc::gen::exec([] {
    const auto frequency = *rc::gen::element<std::string>("DAILY", "WEEKLY", "MONTHLY", "YEARLY");
    std::string rule = "FREQ=" + frequency;
    if (*rc::gen::arbitrary<bool>()) rule += ";INTERVAL=" + std::to_string(*rc::gen::inRange(1, 6));
    const bool monthly = frequency == "MONTHLY" || frequency == "YEARLY";
    if (*rc::gen::inRange(0, 3) == 0) {
      std::set<std::string> months;
      for (int i = *rc::gen::inRange(1, 4); i > 0; --i) months.insert(std::to_string(*rc::gen::inRange(1, 13)));
      rule += ";BYMONTH=" + join({months.begin(), months.end()});
    }
    const int kind = *rc::gen::inRange(0, 4);
    if (kind == 1 && frequency != "WEEKLY") {
      std::set<std::string> days;
      for (int i = *rc::gen::inRange(1, 4); i > 0; --i) days.insert(std::to_string(frequency == "DAILY" ? *rc::gen::element(1, 2, 13, 28, 29, 30, 31) : *rc::gen::element(1, 2, 13, 28, 29, 30, 31, -1, -2, -31)));
      rule += ";BYMONTHDAY=" + join({days.begin(), days.end()});
    }
    if (kind >= 2) {
      const bool counted = monthly && kind == 3;
      std::set<std::string> days;
      for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
        const std::string day = *rc::gen::element<std::string>("SU", "MO", "TU", "WE", "TH", "FR", "SA");
        days.insert((counted ? std::to_string(*rc::gen::element(1, 2, 3, 4, 5, -1, -2)) : "") + day);
      }
      rule += ";BYDAY=" + join({days.begin(), days.end()});
    }
    if (*rc::gen::inRange(0, 4) == 0) rule += ";WKST=SU";
    return rule;
  });
}

}  // namespace

TEST_CASE("for any rule the expansion has exactly the days that the rule's words name") {
  CHECK(rc::check("expand agrees with counting day by day", [] {
    for (int i = 0; i < 10; ++i) {
      const std::string text = *some_rule();
      const LocalTime start = LocalTime{LocalDay{2024y / January / 1}} + days{*rc::gen::inRange(0, 900)} + hours{6};
      const LocalTime from = start + days{*rc::gen::element(0, 0, 1, 40, 365, 1500)} + days{*rc::gen::inRange(0, 100)};
      const LocalTime until = from + days{*rc::gen::inRange(1, 200)};
      const auto rule = read_rule(text);
      RC_ASSERT(std::holds_alternative<Rule>(rule));
      std::string wanted, got;
      for (LocalTime t = from; t < until; t += days{1})
        if (may_match(std::get<Rule>(rule), start, floor<days>(t))) wanted += to_text(t) + " ";
      const Recurrence when{"Etc/UTC", start, text};
      for (const Resolved& t : expand(when, TimePoint{from.time_since_epoch()}, TimePoint{until.time_since_epoch()}, 10000).times)
        got += to_text(t.local) + " ";
      RC_LOG() << text << " start " << to_text(start) << " from " << to_text(from) << "\n";
      RC_ASSERT(got == wanted);
    }
  }));
  CHECK(rc::check("any text is read or refused within its limits", [] {
    const auto text = *rc::gen::container<std::string>(rc::gen::element('F', 'R', 'E', 'Q', '=', 'D', 'A', 'I', 'L', 'Y', ';', 'B', 'M', 'O', ',', '1', '3', '-', '\0', '\xff'));
    const Recurrence when{"Etc/UTC", LocalTime{LocalDay{2024y / January / 1}}, text};
    const auto why = check(when);
    RC_ASSERT(!why || !why->message.empty());
  }));
}
