#include "scheduler/preview.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "rows.hpp"

using namespace loa::tests;

namespace {

std::string seconds(const std::optional<TimePoint>& time) {
  if (!time) return "?";
  std::ostringstream out;
  out << static_cast<double>((*time - kStart).count()) / 1000;
  return out.str();
}

// "A 0-60 played; B ?-80 skipped:conflict(A)": id, start-end, `cut` where it was interrupted, outcome, reason, by.
std::string story(const Preview& seen) {
  std::string text;
  for (const Foreseen& one : seen.occurrences) {
    text += (text.empty() ? "" : "; ") + one.occurrence_id + " " + seconds(one.starts) + "-" + seconds(one.ends);
    text += std::string{one.interrupted ? " cut " : " "} + (one.outcome ? name_of(*one.outcome) : "open");
    text += (one.reason.empty() ? "" : ":" + one.reason) + (one.by.empty() ? "" : "(" + one.by + ")");
  }
  return text + (seen.complete ? "" : " ...");
}

Occurrence dropped(Occurrence o) {
  o.after_interrupt = AfterInterrupt::drop;
  return o;
}

}  // namespace

TEST_CASE("a preview tells what would become of each occurrence") {
  const std::vector<Row> rows = {
      {"nothing planned", [](Simulation&) {}, 100, ""},
      {"one alone is played", [](Simulation& s) { plan_of(s, {occurrence("A", 10, {clip("a", 60)})}); }, 100, "A 10-70 played"},
      {"of two normals that overlap the second waits",
       [](Simulation& s) { plan_of(s, {occurrence("A", 0, {clip("a", 20)}), occurrence("B", 15, {clip("b", 20)})}); }, 100,
       "A 0-20 played; B 20-35 partial:late(A)"},
      {"of two normals the second is skipped where its time passes",
       [](Simulation& s) { plan_of(s, {occurrence("A", 0, {clip("a", 60)}), occurrence("B", 15, {clip("b", 20)})}); }, 100,
       "A 0-60 played; B ?-35 skipped:conflict(A)"},
      {"a priority interrupts a normal, which resumes", [](Simulation& s) { cut_by_priority(s, AfterInterrupt::resume); }, 100,
       "A 0-70 cut played(P); P 20-30 played"},
      {"one that is dropped when it is interrupted ends there",
       [](Simulation& s) { plan_of(s, {dropped(occurrence("A", 0, {clip("a", 60)})), occurrence("P", 20, {clip("p", 10)}, kPriority)}); },
       100, "A 0-20 cut partial:interrupted(P); P 20-30 played"},
      {"what was late and then was cut names what cut it",
       [](Simulation& s) {
         plan_of(s, {occurrence("A", 0, {clip("a", 20)}), occurrence("B", 10, {clip("b", 60)}),
                     occurrence("P", 40, {clip("p", 10)}, kPriority)});
       },
       100, "A 0-20 played; B 20-80 cut partial:late(P); P 40-50 played"},
      {"muted", [](Simulation& s) {
         s.plan->settings.mute = true;
         plan_of(s, {occurrence("A", 10, {clip("a", 60)})});
       }, 100, "A ?-10 skipped:muted"},
      {"what still sounds at the end is open", [](Simulation& s) { plan_of(s, {occurrence("A", 10, {clip("a", 60)})}); }, 50, "A 10-? open"},
      {"what is due later is not told", [](Simulation& s) { plan_of(s, {occurrence("A", 100, {clip("a", 60)})}); }, 100, ""},
      {"what began before is on time", [](Simulation& s) { plan_of(s, {occurrence("A", -30, {clip("a", 60)})}); }, 100, "A -30-30 played"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Simulation scene;
      row.build(scene);
      CHECK(story(preview(*scene.plan, kStart, at_second(row.until))) == row.story);
    }
  }
}

TEST_CASE("a preview agrees with the node that lives through the same plan") {
  Simulation scene;
  all_playable(scene);
  std::vector<Occurrence> all;
  for (int i = 0; i < 200; ++i)
    all.push_back(occurrence("o" + std::to_string(i), i * 37, {clip("a", 10 + i * 53 % 60)}, i % 5 == 0 ? kPriority : Class::normal));
  plan_of(scene, all);
  const auto seen = preview(*scene.plan, kStart, at_second(20000)).occurrences;
  scene.run(20000);
  REQUIRE(seen.size() == 200);
  REQUIRE(scene.ended.size() == 200);
  for (const Ended& ended : scene.ended) {
    const auto found = std::find_if(seen.begin(), seen.end(), [&](const auto& one) { return one.occurrence_id == ended.occurrence_id; });
    REQUIRE(found != seen.end());
    CAPTURE(ended.occurrence_id);
    CHECK(found->outcome == ended.outcome);
    CHECK(found->reason == ended.reason);
    const auto heard = std::find_if(scene.heard.begin(), scene.heard.end(),
                                    [&](const auto& one) { return one.what.occurrence_id == ended.occurrence_id; });
    CHECK(found->starts == (heard == scene.heard.end() ? std::nullopt : std::optional(heard->from)));
  }
}

TEST_CASE("a preview is bounded by its steps and says where it gave up") {
  Simulation scene;
  plan_of(scene, {occurrence("A", 0, {clip("a", 10), clip("b", 10), clip("c", 10), clip("d", 10)})});
  CHECK(story(preview(*scene.plan, kStart, at_second(100), 3)) == "A 0-? open ...");
  CHECK(story(preview(*scene.plan, kStart, at_second(100), 0)) == "A ?-? open ...");
  std::vector<Occurrence> many;
  for (int i = 0; i < 2000; ++i) many.push_back(occurrence("o" + std::to_string(i), 4 * i, {clip("a", 1), clip("b", 1), clip("c", 1)}));
  plan_of(scene, many);
  CHECK_FALSE(preview(*scene.plan, kStart, at_second(80000)).complete);
}
