#include <catch2/catch.hpp>

#include "rows.hpp"

using namespace loa::tests;

namespace {

// Nothing is playable but what is named; the area's stand-in is "sorry", of 5 s.
void with_stand_in(Simulation& s, std::vector<std::string> playable) {
  s.plan->settings.stand_in = "sorry";
  s.plan->settings.stock = {{"sorry", "sorry", 1, Millis{5000}}};
  for (const std::string& name : playable) s.history.playable[name] = true;
}

Occurrence with(Occurrence o, std::vector<Item> substitutes) {
  o.substitutes = std::move(substitutes);
  return o;
}

const std::vector<Row> kLadder = {
    {"without clip and substitute the area's stand-in sounds once", [](Simulation& s) {
       with_stand_in(s, {"sorry"});
       plan_of(s, {with(occurrence("A", 0, {clip("a", 60)}), {clip("s", 60)})});
     }, 100, "0-5 A:sorry | A partial:substituted"},
    {"a substitute goes before the stand-in", [](Simulation& s) {
       with_stand_in(s, {"sorry", "s"});
       plan_of(s, {with(occurrence("A", 0, {clip("a", 60)}), {clip("s", 30)})});
     }, 100, "0-30 A:s | A partial:substituted"},
    {"the clip goes before both", [](Simulation& s) {
       with_stand_in(s, {"sorry", "s", "a"});
       plan_of(s, {with(occurrence("A", 0, {clip("a", 60)}), {clip("s", 30)})});
     }, 100, "0-60 A:a | A played"},
    {"where nothing at all is on the node it is skipped with its reason", [](Simulation& s) {
       with_stand_in(s, {});
       plan_of(s, {with(occurrence("A", 0, {clip("a", 60)}), {clip("s", 30)})});
     }, 100, "| A failed:not_fetched"},
    {"the stand-in says it once although two places lack their clip", [](Simulation& s) {
       with_stand_in(s, {"sorry", "c"});
       plan_of(s, {occurrence("A", 0, {clip("a", 10), clip("b", 10), clip("c", 10)})});
     }, 100, "0-5 A:sorry; 5-15 A:c | A partial:substituted"},
    {"the stand-in is no longer than its place", [](Simulation& s) {
       with_stand_in(s, {"sorry", "b"});
       plan_of(s, {occurrence("A", 0, {clip("a", 4), clip("b", 10)})});
     }, 100, "0-4 A:sorry; 4-14 A:b | A partial:substituted"},
    {"a stand-in that came with the node does", [](Simulation& s) {
       with_stand_in(s, {"shipped"});
       s.plan->settings.stock.clear();
       s.shipped = {{"sorry", "shipped", 1, Millis{6000}}};
       plan_of(s, {occurrence("A", 0, {clip("a", 60)})});
     }, 100, "0-6 A:shipped | A partial:substituted"},
    {"the stand-in gives way to what is above it like any sound", [](Simulation& s) {
       with_stand_in(s, {"sorry", "p"});
       plan_of(s, {occurrence("A", 0, {clip("a", 60)}), occurrence("P", 1, {clip("p", 10)}, kPriority)});
     }, 100, "0-1 A:sorry; 1-11 P:p; 11-15 A:sorry+1 | A partial:substituted P played"},
    {"the stand-in never sounds when nothing is due", [](Simulation& s) {
       with_stand_in(s, {"sorry"});
       plan_of(s, {occurrence("A", 50, {clip("a", 10)})});
     }, 40, "|"},
    {"a substitute that would sound for less than two seconds is not begun", [](Simulation& s) {
       with_stand_in(s, {"s", "b"});
       plan_of(s, {with(occurrence("A", 0, {clip("a", 1.5), clip("b", 10)}), {clip("s", 30)})});
     }, 100, "1.5-11.5 A:b | A partial:late"},
    {"a substitute of which less than two seconds are left is not joined", [](Simulation& s) {
       with_stand_in(s, {"s"});
       plan_of(s, {with(occurrence("A", 0, {clip("a", 60)}), {clip("s", 20)})});
       off_between(s, 0, 18.5);
     }, 100, "| A skipped:missed"},
    {"a short clip that is heard whole is no blip", [](Simulation& s) {
       with_stand_in(s, {"a", "b"});
       plan_of(s, {occurrence("A", 0, {clip("a", 1), clip("b", 10)})});
     }, 100, "0-1 A:a; 1-11 A:b | A played"},
    {"the rest of what was interrupted is heard, however short", [](Simulation& s) {
       with_stand_in(s, {"a", "p"});
       plan_of(s, {occurrence("A", 0, {clip("a", 20)}), occurrence("P", 19, {clip("p", 10)}, kPriority)});
     }, 100, "0-19 A:a; 19-29 P:p; 29-30 A:a+19 | A played P played"},
    {"a clip that breaks in mid-play gives way to the substitute once, though it comes back", [](Simulation& s) {
       with_stand_in(s, {"a", "s"});
       plan_of(s, {with(occurrence("A", 0, {clip("a", 60)}), {clip("s", 30)})});
       s.on(20, [](Simulation& sim) { sim.history.playable["a"] = false; });
       s.on(30, [](Simulation& sim) { sim.history.playable["a"] = true; });
       s.on(35, [](Simulation& sim) { sim.history.playable["a"] = false; });
     }, 100, "0-20 A:a; 20-50 A:s | A partial:substituted"},
    {"a clip that breaks in mid-play without substitutes gives way to the stand-in", [](Simulation& s) {
       with_stand_in(s, {"a", "sorry"});
       plan_of(s, {occurrence("A", 0, {clip("a", 60)})});
       s.on(20, [](Simulation& sim) { sim.history.playable["a"] = false; });
     }, 100, "0-20 A:a; 20-25 A:sorry | A partial:substituted"},
    {"a clip that breaks in its last second leaves silence", [](Simulation& s) {
       with_stand_in(s, {"a", "s", "sorry"});
       plan_of(s, {with(occurrence("A", 0, {clip("a", 60)}), {clip("s", 30)})});
       s.on(59, [](Simulation& sim) { sim.history.playable["a"] = false; });
     }, 100, "0-59 A:a | A partial:not_playable"},
    {"a substitute that began goes on after a restart by the clock", [](Simulation& s) {
       with_stand_in(s, {"a", "s"});
       plan_of(s, {with(occurrence("A", 0, {clip("a", 60)}), {clip("s", 40)})});
       s.on(10, [](Simulation& sim) { sim.history.playable["a"] = false; });
       off_between(s, 20, 30);
     }, 100, "0-10 A:a; 10-20 A:s; 30-50 A:s+20 | A partial:substituted"},
};

}  // namespace

TEST_CASE("what is due sounds as planned, or by a substitute, or by the area's stand-in, or says why not") { tell(kLadder); }
