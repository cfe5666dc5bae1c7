#include <catch2/catch.hpp>

#include "rows.hpp"

using namespace loa::tests;

namespace {

Plan renewed(const Plan& plan, TimePoint from) {
  Plan next = plan;
  ++next.revision;
  next.from = from;
  std::erase_if(next.occurrences, [&](const Occurrence& o) { return o.end() <= from; });
  return next;
}

const std::vector<Row> kSuccession = {
    {"a renewal in mid-play changes nothing", [](Simulation& s) {
       cut_by_priority(s, AfterInterrupt::resume);
       for (double t : {10.0, 25.0, 40.0, 65.0}) s.on(t, [](Simulation& sim) { sim.take_plan(renewed(*sim.plan, sim.now)); });
     }, 100, "0-20 A:a; 20-30 P:p; 30-70 A:a+20 | A played P played"},
    {"a plan that covers what sounds and does not hold it stops it", [](Simulation& s) {
       cut_by_priority(s, AfterInterrupt::resume);
       s.on(10, [](Simulation& sim) {
         Plan next = renewed(*sim.plan, sim.now);
         std::erase_if(next.occurrences, [](const Occurrence& o) { return o.id == "A"; });
         sim.take_plan(next);
       });
     }, 100, "0-10 A:a; 20-30 P:p | A cancelled:plan P played"},
    {"a plan that begins tomorrow leaves it running", [](Simulation& s) {
       cut_by_priority(s, AfterInterrupt::resume);
       s.on(25, [](Simulation& sim) {
         Plan next = *sim.plan;
         next.from = at_second(70000);
         next.occurrences.clear();
         sim.take_plan(next);
       });
     }, 100, "0-20 A:a; 20-30 P:p; 30-70 A:a+20 | A played P played"},
    {"what is not due yet simply leaves the plan", [](Simulation& s) {
       cut_by_priority(s, AfterInterrupt::resume);
       s.on(10, [](Simulation& sim) {
         Plan next = renewed(*sim.plan, sim.now);
         std::erase_if(next.occurrences, [](const Occurrence& o) { return o.id == "P"; });
         sim.take_plan(next);
       });
     }, 100, "0-60 A:a | A played"},
    {"what waits and is dropped is cancelled", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 60)}), occurrence("B", 5, {clip("b", 90)})});
       s.on(10, [](Simulation& sim) {
         Plan next = renewed(*sim.plan, sim.now);
         std::erase_if(next.occurrences, [](const Occurrence& o) { return o.id == "B"; });
         sim.take_plan(next);
       });
     }, 100, "0-60 A:a | A played B cancelled:plan"},
    {"the first plan of a node is taken as it is", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 20, {clip("a", 10)})});
       const Plan first = *s.plan;
       s.plan.reset();
       s.on(10, [first](Simulation& sim) { sim.take_plan(first); });
     }, 100, "20-30 A:a | A played"},
};

}  // namespace

TEST_CASE("a newer plan takes over from the one held") { tell(kSuccession); }
