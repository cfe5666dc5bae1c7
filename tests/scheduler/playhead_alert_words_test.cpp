#include <catch2/catch.hpp>

#include "rows.hpp"

using namespace loa::tests;

namespace {

const std::vector<Row> kWords = {
    {"an own clip that comes while the stock clip sounds follows it; the next repeat has it at once", [](Simulation& s) {
       with_stock(s);
       Alert l = alert("L", 0, 600, clip("own", 20));
       l.repeats = 2;
       l.repeat_every = Millis{60000};
       s.alerts = {l};
       s.on(5, [](Simulation& sim) { sim.history.playable["own"] = true; });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 12-32 L.1.1:own; 60-62 L.1.2:tone; 62-82 L.1.2:own | L.1.1 played L.1.2 played"},
    {"an own clip that comes after the stock clip sounds when it is there", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600, clip("own", 20))};
       s.on(40, [](Simulation& sim) { sim.history.playable["own"] = true; });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 40-60 L.1.1:own | L.1.1 played"},
    {"while an own clip is awaited broadcasts sound, and it cuts them", [](Simulation& s) {
       with_stock(s);
       s.history.playable["p"] = true;
       plan_of(s, {occurrence("P", 5, {clip("p", 60)}, kPriority)});
       s.alerts = {alert("L", 0, 600, clip("own", 20))};
       s.on(40, [](Simulation& sim) { sim.history.playable["own"] = true; });
     }, 150, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 12-40 P:p+7; 40-60 L.1.1:own; 60-85 P:p+35 | L.1.1 played P partial:late"},
    {"a restart does not forget an own clip that is awaited", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600, clip("own", 20))};
       off_between(s, 20, 30);
       s.on(40, [](Simulation& sim) { sim.history.playable["own"] = true; });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 40-60 L.1.1:own | L.1.1 played"},
    {"an own clip that does not come before the next repeat was not heard in this one", [](Simulation& s) {
       with_stock(s);
       Alert l = alert("L", 0, 600, clip("own", 20));
       l.repeats = 2;
       l.repeat_every = Millis{30000};
       s.alerts = {l};
       s.on(35, [](Simulation& sim) { sim.history.playable["own"] = true; });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 30-32 L.1.2:tone; 32-42 L.1.2:flood; 42-62 L.1.2:own | "
             "L.1.1 partial:not_fetched L.1.2 played"},
    {"an own clip is not awaited past the alert", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 30, clip("own", 20))};
       s.on(40, [](Simulation& sim) { sim.history.playable["own"] = true; });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood | L.1.1 partial:not_fetched"},
    {"an own clip is not awaited for ever", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 7200, clip("own", 20))};
       s.on(1900, [](Simulation& sim) { sim.history.playable["own"] = true; });
     }, 2000, "0-2 L.1.1:tone; 2-12 L.1.1:flood | L.1.1 partial:not_fetched"},
    {"a cancel ends the wait for an own clip", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600, clip("own", 20))};
       s.on(20, [](Simulation& sim) {
         sim.alerts[0].message = AlertMessage::cancel;
         sim.alerts[0].revision = 2;
       });
       s.on(40, [](Simulation& sim) { sim.history.playable["own"] = true; });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood | L.1.1 cancelled:cancelled"},
    {"an own clip that breaks while it sounds after the stock clip is not begun again", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600, clip("own", 20))};
       s.on(5, [](Simulation& sim) { sim.history.playable["own"] = true; });
       s.on(15, [](Simulation& sim) { sim.history.playable["own"] = false; });
       s.on(25, [](Simulation& sim) { sim.history.playable["own"] = true; });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 12-15 L.1.1:own | L.1.1 partial:not_playable"},
    {"an exercise and a test say so before the words of the event", [](Simulation& s) {
       with_stock(s);
       Alert e = alert("E", 0, 600);
       e.status = AlertStatus::exercise;
       Alert t = alert("T", 30, 600);
       t.status = AlertStatus::test;
       s.alerts = {e, t};
       s.alerts.pop_back();
       s.on(30, [t](Simulation& sim) { sim.alerts.push_back(t); });
     }, 100, "0-2 E.1.1:tone; 2-5 E.1.1:exercise; 5-15 E.1.1:flood; 30-32 T.1.1:tone; 32-36 T.1.1:test; 36-46 T.1.1:flood | "
             "E.1.1 played T.1.1 played"},
    {"an exercise says so before its own clip", [](Simulation& s) {
       with_stock(s);
       s.history.playable["own"] = true;
       Alert e = alert("E", 0, 600, clip("own", 20));
       e.status = AlertStatus::exercise;
       s.alerts = {e};
     }, 100, "0-2 E.1.1:tone; 2-5 E.1.1:exercise; 5-25 E.1.1:own | E.1.1 played"},
    {"an exercise says so again before an own clip that comes late", [](Simulation& s) {
       with_stock(s);
       Alert e = alert("E", 0, 600, clip("own", 20));
       e.status = AlertStatus::exercise;
       s.alerts = {e};
       s.on(40, [](Simulation& sim) { sim.history.playable["own"] = true; });
     }, 100, "0-2 E.1.1:tone; 2-5 E.1.1:exercise; 5-15 E.1.1:flood; 40-43 E.1.1:exercise; 43-63 E.1.1:own | E.1.1 played"},
    {"an own clip that comes late and is cut by a higher alert is over when the next repeat is due", [](Simulation& s) {
       with_stock(s);
       Alert e = alert("E", 0, 600, clip("own", 20));
       e.status = AlertStatus::exercise;
       e.repeats = 2;
       e.repeat_every = Millis{30000};
       s.alerts = {e};
       s.on(20, [](Simulation& sim) { sim.history.playable["own"] = true; });
       s.on(35, [](Simulation& sim) { sim.alerts.push_back(alert("A", 35, 600)); });
     }, 100, "0-2 E.1.1:tone; 2-5 E.1.1:exercise; 5-15 E.1.1:flood; 20-23 E.1.1:exercise; 23-35 E.1.1:own; 35-37 A.1.1:tone; "
             "37-47 A.1.1:flood; 47-49 E.1.2:tone; 49-52 E.1.2:exercise; 52-72 E.1.2:own | "
             "A.1.1 played E.1.1 partial:interrupted(A.1.1) E.1.2 played"},
    {"an exercise whose stock clip is those very words says them once", [](Simulation& s) {
       with_stock(s);
       Alert e = alert("E", 0, 600);
       e.status = AlertStatus::exercise;
       e.stock_clip = "exercise";
       s.alerts = {e};
     }, 100, "0-2 E.1.1:tone; 2-5 E.1.1:exercise | E.1.1 played"},
    {"an exercise that cannot say so does not sound", [](Simulation& s) {
       with_stock(s);
       s.history.playable["exercise"] = false;
       Alert e = alert("E", 0, 60);
       e.status = AlertStatus::exercise;
       s.alerts = {e};
     }, 100, "| E.1.1 skipped:expired"},
    {"an exercise whose words break in mid-play falls silent", [](Simulation& s) {
       with_stock(s);
       Alert e = alert("E", 0, 60);
       e.status = AlertStatus::exercise;
       s.alerts = {e};
       s.on(3, [](Simulation& sim) { sim.history.playable["exercise"] = false; });
     }, 100, "0-2 E.1.1:tone; 2-3 E.1.1:exercise | E.1.1 partial:not_playable"},
};

}  // namespace

TEST_CASE("an alert says what it is, in its own words as soon as they are there") { tell(kWords); }
