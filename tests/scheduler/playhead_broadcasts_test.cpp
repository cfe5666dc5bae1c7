#include <catch2/catch.hpp>

#include "rows.hpp"

using namespace loa::tests;

namespace {

Occurrence skipping(Occurrence o, double limit) {
  o.late = LateRule::skip;
  o.late_limit = Millis{static_cast<std::int64_t>(limit * 1000)};
  return o;
}

const std::vector<Row> kBroadcasts = {
    {"nothing planned is silence", [](Simulation&) {}, 100, "|"},
    {"no plan at all is silence", [](Simulation& s) { s.plan.reset(); }, 100, "|"},
    {"an occurrence sounds from its due time to its end",
     [](Simulation& s) { all_playable(s); plan_of(s, {occurrence("A", 10, {clip("a", 30)})}); }, 100, "10-40 A:a | A played"},
    {"several clips sound in order",
     [](Simulation& s) { all_playable(s); plan_of(s, {occurrence("A", 0, {clip("a", 10), clip("b", 20), clip("c", 5)})}); }, 100,
     "0-10 A:a; 10-30 A:b; 30-35 A:c | A played"},
    {"a pause between clips is part of it",
     [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 10), {.kind = ItemKind::pause, .duration = Millis{3000}}, clip("b", 5)})});
     },
     100, "0-10 A:a; 10-13 A:pause; 13-18 A:b | A played"},
    {"two in a row both sound whole",
     [](Simulation& s) { all_playable(s); plan_of(s, {occurrence("A", 0, {clip("a", 10)}), occurrence("B", 10, {clip("b", 10)})}); }, 100,
     "0-10 A:a; 10-20 B:b | A played B played"},
    {"of two at the same time the smaller id goes first and the other joins late",
     [](Simulation& s) { all_playable(s); plan_of(s, {occurrence("B", 0, {clip("b", 30)}), occurrence("A", 0, {clip("a", 10)})}); }, 100,
     "0-10 A:a; 10-30 B:b+10 | A played B partial:late"},
    {"an equal that is due later waits and joins at the offset of the clock",
     [](Simulation& s) { all_playable(s); plan_of(s, {occurrence("A", 0, {clip("a", 20)}), occurrence("B", 15, {clip("b", 20)})}); }, 100,
     "0-20 A:a; 20-35 B:b+5 | A played B partial:late"},
    {"an equal whose whole time passed is skipped for the conflict",
     [](Simulation& s) { all_playable(s); plan_of(s, {occurrence("A", 0, {clip("a", 60)}), occurrence("B", 15, {clip("b", 20)})}); }, 100,
     "0-60 A:a | A played B skipped:conflict(A)"},
    {"late rule skip: within the limit it starts from its beginning",
     [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 20)}), skipping(occurrence("B", 15, {clip("b", 20)}), 10)});
     },
     100, "0-20 A:a; 20-40 B:b | A played B played"},
    {"late rule skip: exactly at the limit it still starts",
     [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 25)}), skipping(occurrence("B", 15, {clip("b", 20)}), 10)});
     },
     100, "0-25 A:a; 25-45 B:b | A played B played"},
    {"late rule skip: past the limit it is skipped",
     [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 26)}), skipping(occurrence("B", 15, {clip("b", 20)}), 10)});
     },
     100, "0-26 A:a | A played B skipped:conflict(A)"},
    {"priority cuts normal, which resumes where it was cut", [](Simulation& s) { cut_by_priority(s, AfterInterrupt::resume); }, 100,
     "0-20 A:a; 20-30 P:p; 30-70 A:a+20 | A played P played"},
    {"after join it goes on where it would be by now", [](Simulation& s) { cut_by_priority(s, AfterInterrupt::join); }, 100,
     "0-20 A:a; 20-30 P:p; 30-60 A:a+30 | A partial:interrupted(P) P played"},
    {"after restart it begins again", [](Simulation& s) { cut_by_priority(s, AfterInterrupt::restart); }, 100,
     "0-20 A:a; 20-30 P:p; 30-90 A:a | A played P played"},
    {"after drop it ends where it was cut", [](Simulation& s) { cut_by_priority(s, AfterInterrupt::drop); }, 100,
     "0-20 A:a; 20-30 P:p | A partial:interrupted(P) P played"},
    {"join finds nothing left", [](Simulation& s) {
       all_playable(s);
       Occurrence a = occurrence("A", 0, {clip("a", 25)});
       a.after_interrupt = AfterInterrupt::join;
       plan_of(s, {a, occurrence("P", 20, {clip("p", 10)}, kPriority)});
     }, 100, "0-20 A:a; 20-30 P:p | A partial:interrupted(P) P played"},
    {"normal never cuts priority",
     [](Simulation& s) { all_playable(s); plan_of(s, {occurrence("P", 0, {clip("p", 30)}, kPriority), occurrence("A", 10, {clip("a", 40)})}); },
     100, "0-30 P:p; 30-50 A:a+20 | A partial:late P played"},
    {"cut twice it resumes twice", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 60)}), occurrence("P", 20, {clip("p", 10)}, kPriority),
                   occurrence("Q", 40, {clip("q", 10)}, kPriority)});
     }, 200, "0-20 A:a; 20-30 P:p; 30-40 A:a+20; 40-50 Q:q; 50-80 A:a+30 | A played P played Q played"},
    {"resumed in the right clip of several", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 15), clip("b", 15)}), occurrence("P", 20, {clip("p", 10)}, kPriority)});
     }, 200, "0-15 A:a; 15-20 A:b; 20-30 P:p; 30-40 A:b+5 | A played P played"},
    {"an interrupted one goes before an equal that is due later", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 40)}), occurrence("P", 20, {clip("p", 10)}, kPriority), occurrence("B", 25, {clip("b", 60)})});
     }, 200, "0-20 A:a; 20-30 P:p; 30-50 A:a+20; 50-85 B:b+25 | A played B partial:late P played"},
    {"one that cannot come back in time stays partial", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 60)}), occurrence("P", 20, {clip("p", 3600)}, kPriority)});
     }, 4000, "0-20 A:a; 20-3620 P:p | A partial:interrupted(P) P played"},
    {"a clip that is not there is waited for, and joined", [](Simulation& s) {
       plan_of(s, {occurrence("A", 0, {clip("a", 60)})});
       s.on(15, [](Simulation& sim) { sim.history.playable["a"] = true; });
     }, 100, "15-60 A:a+15 | A partial:late"},
    {"a clip that never comes is failed: not_fetched at the end of its time",
     [](Simulation& s) { plan_of(s, {occurrence("A", 0, {clip("a", 60)})}); }, 100, "| A failed:not_fetched"},
    {"with late rule skip a clip that comes after the limit is too late",
     [](Simulation& s) {
       plan_of(s, {skipping(occurrence("A", 0, {clip("a", 60)}), 10)});
       s.on(11, [](Simulation& sim) { sim.history.playable["a"] = true; });
     }, 100, "| A failed:not_fetched"},
    {"with late rule skip a clip that comes within the limit is heard whole",
     [](Simulation& s) {
       plan_of(s, {skipping(occurrence("A", 0, {clip("a", 60)}), 10)});
       s.on(9, [](Simulation& sim) { sim.history.playable["a"] = true; });
     }, 100, "9-69 A:a | A played"},
    {"nothing that runs is cut for what is not playable", [](Simulation& s) {
       s.history.playable["a"] = true;
       plan_of(s, {occurrence("A", 0, {clip("a", 60)}), occurrence("P", 20, {clip("p", 10)}, kPriority)});
     }, 100, "0-60 A:a | A played P failed:not_fetched"},
    {"once its clip comes priority cuts and joins", [](Simulation& s) {
       s.history.playable["a"] = true;
       plan_of(s, {occurrence("A", 0, {clip("a", 60)}), occurrence("P", 20, {clip("p", 10)}, kPriority)});
       s.on(24, [](Simulation& sim) { sim.history.playable["p"] = true; });
     }, 100, "0-24 A:a; 24-30 P:p+4; 30-66 A:a+24 | A played P partial:late"},
    {"a substitute sounds in place of a clip that is not there", [](Simulation& s) {
       s.history.playable["s"] = true;
       Occurrence a = occurrence("A", 0, {clip("a", 30)});
       a.substitutes = {clip("x", 30), clip("s", 30)};
       plan_of(s, {a});
     }, 100, "0-30 A:s | A partial:substituted"},
    {"a substitute is no longer than the place", [](Simulation& s) {
       s.history.playable_by_default = true;
       s.history.playable["b"] = false;
       Occurrence a = occurrence("A", 0, {clip("a", 10), clip("b", 10), clip("c", 10)});
       a.substitutes = {clip("s", 25)};
       plan_of(s, {a});
     }, 100, "0-10 A:a; 10-20 A:s; 20-30 A:c | A partial:substituted"},
    {"short substitutes follow each other, then the rest of the place is passed over", [](Simulation& s) {
       s.history.playable_by_default = true;
       s.history.playable["a"] = false;
       Occurrence a = occurrence("A", 0, {clip("a", 20), clip("b", 10)});
       a.substitutes = {clip("s", 5), clip("t", 8)};
       plan_of(s, {a});
     }, 100, "0-5 A:s; 5-13 A:t; 13-23 A:b | A partial:substituted"},
    {"a substitute begun stays although the clip comes", [](Simulation& s) {
       s.history.playable["s"] = true;
       Occurrence a = occurrence("A", 0, {clip("a", 30)});
       a.substitutes = {clip("s", 30)};
       plan_of(s, {a});
       s.on(10, [](Simulation& sim) { sim.history.playable["a"] = true; });
     }, 100, "0-30 A:s | A partial:substituted"},
    {"a clip in the middle that is not there is passed over at once", [](Simulation& s) {
       s.history.playable_by_default = true;
       s.history.playable["b"] = false;
       plan_of(s, {occurrence("A", 0, {clip("a", 10), clip("b", 10), clip("c", 10)})});
     }, 100, "0-10 A:a; 10-20 A:c | A partial:not_playable"},
    {"a last clip that is not there ends it", [](Simulation& s) {
       s.history.playable_by_default = true;
       s.history.playable["b"] = false;
       plan_of(s, {occurrence("A", 0, {clip("a", 10), clip("b", 10)})});
     }, 100, "0-10 A:a | A partial:not_playable"},
    {"a first clip that is not there: it joins at the next", [](Simulation& s) {
       s.history.playable_by_default = true;
       s.history.playable["a"] = false;
       plan_of(s, {occurrence("A", 0, {clip("a", 10), clip("b", 10)})});
     }, 100, "10-20 A:b | A partial:late"},
    {"a stream without TLS that is not marked never sounds", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {{.kind = ItemKind::stream, .duration = Millis{20000}, .url = "http://relay.example/1"}})});
     }, 100, "| A failed:not_fetched"},
    {"a stream over TLS sounds for its time", [](Simulation& s) {
       plan_of(s, {occurrence("A", 0, {{.kind = ItemKind::stream, .duration = Millis{20000}, .url = "https://relay.example/1"}})});
     }, 100, "0-20 A:stream | A played"},
    {"a stream that history knows to be away gives way to a substitute", [](Simulation& s) {
       Occurrence a = occurrence("A", 0, {{.kind = ItemKind::stream, .duration = Millis{20000}, .url = "https://relay.example/1"}});
       a.substitutes = {clip("s", 20)};
       s.history.playable["s"] = true;
       s.history.playable["https://relay.example/1"] = false;
       plan_of(s, {a});
     }, 100, "0-20 A:s | A partial:substituted"},
    {"after a restart in mid-play it goes on at the offset of the clock", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 60)})});
       off_between(s, 20, 35);
     }, 100, "0-20 A:a; 35-60 A:a+35 | A partial:restarted"},
    {"a restart that lasts past its end leaves it partial", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 60)})});
       off_between(s, 20, 90);
     }, 100, "0-20 A:a | A partial:restarted"},
    {"what came due while the node was off is missed", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 20, {clip("a", 10)})});
       off_between(s, 10, 50);
     }, 100, "| A skipped:missed"},
    {"a resumed one that is cut off by a restart keeps its shifted clock", [](Simulation& s) {
       cut_by_priority(s, AfterInterrupt::resume);
       off_between(s, 40, 50);
     }, 100, "0-20 A:a; 20-30 P:p; 30-40 A:a+20; 50-70 A:a+40 | A partial:restarted P played"},
    {"an outcome is final: it never sounds again", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 60)})});
       s.history.occurrences["A"].outcome = Outcome::cancelled;
     }, 100, "|"},
    {"mute cuts what sounds and skips what comes due", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 0, {clip("a", 60)}), occurrence("B", 30, {clip("b", 60)}), occurrence("C", 95, {clip("c", 5)})});
       s.on(20, [](Simulation& sim) { sim.plan->settings.mute = true; });
       s.on(50, [](Simulation& sim) { sim.plan->settings.mute = false; });
     }, 120, "0-20 A:a; 95-100 C:c | A partial:muted B skipped:muted C played"},
    {"past the plan's expiry it is silent", [](Simulation& s) {
       all_playable(s);
       s.plan->until = at_second(40);
       plan_of(s, {occurrence("A", 10, {clip("a", 60)}), occurrence("B", 30, {clip("b", 60)})});
     }, 120, "10-40 A:a | A partial:plan_expired B skipped:plan_expired"},
    {"a clock set back by 25 s does not touch what sounds", [](Simulation& s) {
       all_playable(s);
       plan_of(s, {occurrence("A", 10, {clip("a", 60)})});
       s.on(30, [](Simulation& sim) {
         sim.heard.back().until = sim.now;
         sim.now = at_second(5);
         shift_clock(sim.history, Millis{-25000});
       });
     }, 100, "10-30 A:a; 5-45 A:a+20 | A played"},
};

}  // namespace

TEST_CASE("the playhead decides between broadcasts") { tell(kBroadcasts); }
