#include <catch2/catch.hpp>
#include <functional>

#include "scheduler/check_sounding.hpp"

using namespace loa::scheduler;
using namespace std::chrono;

namespace {

const TimePoint kNow = TimePoint{sys_days{2026y / November / 23} + hours{22}};  // 2026-11-24T05:00 in Huế

Broadcast broadcast(const std::string& id, const std::string& start, int minutes_long = 10, Class cls = Class::normal,
                    const std::string& rule = "") {
  Broadcast b;
  b.id = id;
  b.cls = cls;
  b.when = {"Asia/Ho_Chi_Minh", parse_local("2026-11-" + start).value(), rule};
  b.items = {{.kind = ItemKind::clip, .duration = minutes{minutes_long}, .sha256 = "a", .bytes = 1}};
  b.target_areas = {"hue"};
  return b;
}

Place place(const std::string& id) {
  Place place;
  place.node.id = id;
  place.node.code = id;
  place.node.areas = {"hue"};
  return place;
}

std::string codes(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& p : problems)
    text += (text.empty() ? "" : " ") + p.code + "(" + p.other + ")" + (p.count > 1 ? "*" + std::to_string(p.count) : "");
  return text;
}

}  // namespace

TEST_CASE("where a broadcast would not simply be heard, or would keep another from it, is said") {
  const std::vector<Place> places = {place("n-1"), place("n-2")};
  struct Row {
    const char* name;
    std::vector<Broadcast> others;
    std::function<void(Broadcast&)> change;
    const char* codes;
  };
  const auto nothing = [](Broadcast&) {};
  const auto priority = [](Broadcast& b) { b.cls = Class::priority; };
  const auto daily = [](Broadcast& b) { b.when.rrule = "FREQ=DAILY"; };
  const Row rows[] = {
      {"alone", {}, nothing, ""},
      {"one after the other", {broadcast("b-1", "24T05:50:00"), broadcast("b-2", "24T06:10:00")}, nothing, ""},
      {"an equal that is earlier goes on", {broadcast("b-1", "24T05:55:00")}, nothing, "would_wait(b-1@20261123T225500Z)"},
      {"an equal that is longer leaves nothing of it", {broadcast("b-1", "24T05:55:00", 30)}, nothing, "would_be_skipped(b-1@20261123T225500Z)"},
      {"an equal that is later waits for it", {broadcast("b-1", "24T06:05:00")}, nothing, "would_disturb(b-1@20261123T230500Z)"},
      {"a priority interrupts it", {broadcast("b-1", "24T06:05:00", 2, Class::priority)}, nothing,
       "would_be_interrupted(b-1@20261123T230500Z)"},
      {"as a priority it interrupts another", {broadcast("b-1", "24T05:55:00")}, priority, "would_disturb(b-1@20261123T225500Z)"},
      {"two that are in each other's way without it are not its doing",
       {broadcast("b-1", "24T07:00:00"), broadcast("b-2", "24T07:05:00")}, nothing, ""},
      {"one that another holds back until then makes it wait although their times are apart",
       {broadcast("b-1", "24T05:40:00", 18), broadcast("b-2", "24T05:50:00", 5, Class::priority)}, nothing,
       "would_wait(b-1@20261123T224000Z)"},
      {"each of eight days", {broadcast("b-1", "24T05:55:00", 10, Class::normal, "FREQ=DAILY")}, daily, "would_wait(b-1@20261123T225500Z)*8"},
      {"on its own heels", {}, [](Broadcast& b) { b.when.rrule = "FREQ=DAILY;BYMINUTE=0,5;COUNT=2"; }, "would_wait(b-new@20261123T230000Z)"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Broadcast b = broadcast("b-new", "24T06:00:00");
      row.change(b);
      const auto problems = check_sounding(b, row.others, places, kNow);
      CHECK(codes(problems) == row.codes);
      for (const Problem& p : problems) {
        CHECK_FALSE(p.refuses);
        CHECK(std::find(std::begin(kProblemCodes), std::end(kProblemCodes), p.code) != std::end(kProblemCodes));
      }
    }
  }
  SECTION("a muted node plays nothing, and is passed over") {
    auto muted = places;
    for (Place& one : muted) one.node.settings.mute = true;
    CHECK(codes(check_sounding(broadcast("b-new", "24T06:00:00"), {broadcast("b-1", "24T05:55:00")}, muted, kNow)).empty());
  }
  SECTION("a node that alone gets something else is looked at too") {
    auto only = broadcast("b-1", "24T05:55:00");
    only.target_areas.clear();
    only.target_nodes = {"n-2"};
    CHECK(codes(check_sounding(broadcast("b-new", "24T06:00:00"), {only}, places, kNow)) == "would_wait(b-1@20261123T225500Z)");
  }
  SECTION("nodes of more groups than are looked at are counted and named") {
    std::vector<Place> many;
    std::vector<Broadcast> others;
    for (int i = 0; i < 25; ++i) {
      many.push_back(place("n-" + std::to_string(i)));
      others.push_back(broadcast("b-" + std::to_string(i), "24T12:00:00"));
      others.back().target_areas.clear();
      others.back().target_nodes = {many.back().node.id};
    }
    const auto problems = check_sounding(broadcast("b-new", "24T06:00:00"), others, many, kNow);
    CHECK(codes(problems) == "not_rehearsed()*5");
    CHECK(problems.at(0).nodes == std::vector<std::string>{"n-20", "n-21", "n-22", "n-23", "n-24"});
    CHECK_FALSE(problems.at(0).refuses);
    many.resize(kMostRehearsed);
    CHECK(codes(check_sounding(broadcast("b-new", "24T06:00:00"), others, many, kNow)).empty());
  }
  SECTION("a first time in a month is rehearsed then, with what began the evening before") {
    Broadcast b = broadcast("b-new", "24T00:05:00");
    b.when.start = parse_local("2026-12-25T00:05:00").value();
    CHECK(codes(check_sounding(b, {broadcast("b-1", "24T23:55:00", 15, Class::normal, "FREQ=DAILY")}, places, kNow)) ==
          "would_wait(b-1@20261224T165500Z)");
  }
  SECTION("the same is not said twice") {
    const auto wanted = broadcast("b-new", "24T06:00:00");
    const std::vector<Broadcast> others = {broadcast("b-1", "24T05:55:00")};
    auto problems = check_schedule(wanted, others, places, kNow).problems;
    CHECK(codes(problems) == "overlaps(b-1@20261123T225500Z)*2");
    add_sounding(problems, check_sounding(wanted, others, places, kNow));
    CHECK(codes(problems) == "would_wait(b-1@20261123T225500Z)");
  }
}
