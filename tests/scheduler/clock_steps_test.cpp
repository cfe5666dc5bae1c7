#include <catch2/catch.hpp>

#include "rows.hpp"

using namespace loa::tests;

namespace {

/// At `second` the clock, which was trusted, is set by `by` seconds; the sound knows nothing of it.
void step(Simulation& s, double second, double by) {
  s.on(second, [by](Simulation& sim) {
    const Millis shift{static_cast<std::int64_t>(by * 1000)};
    if (!sim.heard.empty()) {
      sim.heard.back().until = std::min(sim.heard.back().until, sim.now);
      sim.heard.push_back({sim.now, sim.now, sim.heard.back().what});  // what comes now is another time, also where it is an earlier one
    }
    const auto before = sim.now;
    sim.now += shift;
    step_clock(sim.history, &*sim.plan, before, shift);
  });
}

Occurrence skipping(Occurrence o, double limit) {
  o.late = LateRule::skip;
  o.late_limit = Millis{static_cast<std::int64_t>(limit * 1000)};
  return o;
}

void one(Simulation& s, Occurrence o) {
  all_playable(s);
  plan_of(s, {std::move(o)});
}

const std::vector<Row> kSteps{
    {"forward over a due time, as far as clocks may be apart: it begins at its beginning",
     [](Simulation& s) { one(s, occurrence("A", 11, {clip("a", 10)})); step(s, 10, 2); }, 100, "12-22 A:a | A played"},
    {"the same where the rule lets nothing be late",
     [](Simulation& s) { one(s, skipping(occurrence("A", 11, {clip("a", 10)}), 0)); step(s, 10, 2); }, 100, "12-22 A:a | A played"},
    {"forward into an occurrence: it joins at the offset of the corrected clock",
     [](Simulation& s) { one(s, occurrence("A", 20, {clip("a", 60)})); step(s, 10, 30); }, 100, "40-80 A:a+20 | A partial:late"},
    {"forward into one that may not be late: skipped for the clock, not missed",
     [](Simulation& s) { one(s, skipping(occurrence("A", 20, {clip("a", 60)}), 5)); step(s, 10, 30); }, 100, "| A skipped:clock_stepped"},
    {"an hour forward over a whole occurrence",
     [](Simulation& s) { one(s, occurrence("A", 20, {clip("a", 60)})); step(s, 10, 3600); }, 5000, "| A skipped:clock_stepped"},
    {"an hour forward over one without its clip: the clip is the reason",
     [](Simulation& s) {
       one(s, occurrence("A", 20, {clip("a", 60)}));
       s.history.playable["a"] = false;
       step(s, 10, 3600);
     },
     5000, "| A failed:not_fetched"},
    {"what was late already before the step was missed",
     [](Simulation& s) {
       one(s, occurrence("A", 20, {clip("a", 10)}));
       off_between(s, 10, 50);
       step(s, 60, 3600);
     },
     5000, "| A skipped:missed"},
    {"an hour forward in mid-play: not a word is lost",
     [](Simulation& s) { one(s, occurrence("A", 10, {clip("a", 60)})); step(s, 30, 3600); }, 5000, "10-30 A:a; 3630-3670 A:a+20 | A played"},
    {"an hour back in mid-play: not a word is repeated",
     [](Simulation& s) { one(s, occurrence("A", 10, {clip("a", 60)})); step(s, 30, -3600); }, 200, "10-30 A:a; -3570--3530 A:a+20 | A played"},
    {"an hour back over one that was played",
     [](Simulation& s) { one(s, occurrence("A", 10, {clip("a", 60)})); step(s, 80, -3600); }, 200, "10-70 A:a | A played"},
    {"an hour back and forward again over one that was stepped over: due as before",
     [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 5, {clip("a", 20)}), skipping(occurrence("B", 20, {clip("b", 10)}), 100)});
       step(s, 10, 15);
       step(s, 26, -16);
     },
     100, "5-10 A:a; 25-26 A:a+5; 10-24 A:a+6; 24-34 B:b | A played B played"},
    {"an hour forward while an alert interrupts: it comes back where it was cut",
     [](Simulation& s) { cut_by_priority(s, AfterInterrupt::resume); step(s, 25, 3600); }, 5000,
     "0-20 A:a; 20-25 P:p; 3625-3630 P:p+5; 3630-3670 A:a+20 | A played P played"},
    {"the same where it joins: where it would be by now",
     [](Simulation& s) { cut_by_priority(s, AfterInterrupt::join); step(s, 25, 3600); }, 5000,
     "0-20 A:a; 20-25 P:p; 3625-3630 P:p+5; 3630-3660 A:a+30 | A partial:interrupted(P) P played"},
    {"an hour back while an alert interrupts",
     [](Simulation& s) { cut_by_priority(s, AfterInterrupt::join); step(s, 25, -3600); }, 200,
     "0-20 A:a; 20-25 P:p; -3575--3570 P:p+5; -3570--3540 A:a+30 | A partial:interrupted(P) P played"},
};

}  // namespace

TEST_CASE("a clock that is set neither cuts, repeats nor skips what sounds") { tell(kSteps); }
