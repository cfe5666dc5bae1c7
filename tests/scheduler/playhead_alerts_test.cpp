#include <catch2/catch.hpp>

#include "rows.hpp"

using namespace loa::tests;

namespace {

const std::vector<Row> kAlerts = {
    {"an alert sounds at once: tone, then its stock clip",
     [](Simulation& s) { with_stock(s); s.on(5, [](Simulation& sim) { sim.alerts = {alert("L", 5, 600)}; }); }, 100,
     "5-7 L.1.1:tone; 7-17 L.1.1:flood | L.1.1 played"},
    {"its own clip sounds in place of the stock clip when it is there", [](Simulation& s) {
       with_stock(s);
       s.history.playable["own"] = true;
       s.alerts = {alert("L", 0, 600, clip("own", 20))};
     }, 100, "0-2 L.1.1:tone; 2-22 L.1.1:own | L.1.1 played"},
    {"an own clip that comes while the tone sounds is taken", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600, clip("own", 20))};
       s.on(1, [](Simulation& sim) { sim.history.playable["own"] = true; });
     }, 100, "0-2 L.1.1:tone; 2-22 L.1.1:own | L.1.1 played"},
    {"without a playable tone it begins with its words", [](Simulation& s) {
       with_stock(s);
       s.history.playable["tone"] = false;
       s.alerts = {alert("L", 0, 600)};
     }, 100, "0-10 L.1.1:flood | L.1.1 played"},
    {"the tone alone is better than nothing", [](Simulation& s) {
       with_stock(s);
       s.history.playable["flood"] = false;
       s.alerts = {alert("L", 0, 600, clip("own", 20))};
     }, 100, "0-2 L.1.1:tone | L.1.1 partial:not_playable"},
    {"stock clips that came with the node do without any plan", [](Simulation& s) {
       s.plan.reset();
       s.shipped = {{"tone", "tone", 1, Millis{2000}}, {"flood", "flood", 1, Millis{10000}}};
       all_playable(s);
       s.alerts = {alert("L", 0, 600)};
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood | L.1.1 played"},
    {"an expired plan still gives its stock clips", [](Simulation& s) {
       with_stock(s);
       s.plan->until = at_second(-10);
       s.alerts = {alert("L", 0, 600)};
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood | L.1.1 played"},
    {"an alert cuts priority, which resumes afterwards", [](Simulation& s) {
       with_stock(s);
       s.history.playable["p"] = true;
       plan_of(s, {occurrence("P", 0, {clip("p", 60)}, kPriority)});
       s.on(20, [](Simulation& sim) { sim.alerts = {alert("L", 20, 600)}; });
     }, 100, "0-20 P:p; 20-22 L.1.1:tone; 22-32 L.1.1:flood; 32-72 P:p+20 | L.1.1 played P played"},
    {"an alert with nothing playable cuts nothing, and sounds when something is", [](Simulation& s) {
       with_stock(s);
       s.history.playable = {{"p", true}};
       plan_of(s, {occurrence("P", 0, {clip("p", 60)}, kPriority)});
       s.on(20, [](Simulation& sim) { sim.alerts = {alert("L", 20, 600)}; });
       s.on(30, [](Simulation& sim) { sim.history.playable["flood"] = true; });
     }, 100, "0-30 P:p; 30-40 L.1.1:flood; 40-70 P:p+30 | L.1.1 played P played"},
    {"repeats come at their times", [](Simulation& s) {
       with_stock(s);
       Alert l = alert("L", 0, 600);
       l.repeats = 3;
       l.repeat_every = Millis{60000};
       s.alerts = {l};
     }, 300, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 60-62 L.1.2:tone; 62-72 L.1.2:flood; 120-122 L.1.3:tone; 122-132 L.1.3:flood | "
             "L.1.1 played L.1.2 played L.1.3 played"},
    {"a repeat that is longer than its distance delays the next", [](Simulation& s) {
       with_stock(s);
       Alert l = alert("L", 0, 600);
       l.repeats = 2;
       l.repeat_every = Millis{8000};
       s.alerts = {l};
     }, 300, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 12-14 L.1.2:tone; 14-24 L.1.2:flood | L.1.1 played L.1.2 played"},
    {"seen half-way it sounds at once; earlier repeats are not made up", [](Simulation& s) {
       with_stock(s);
       Alert l = alert("L", -90, 600);
       l.repeats = 3;
       l.repeat_every = Millis{60000};
       s.alerts = {l};
     }, 100, "0-2 L.1.2:tone; 2-12 L.1.2:flood; 30-32 L.1.3:tone; 32-42 L.1.3:flood | L.1.1 skipped:missed L.1.2 played L.1.3 played"},
    {"seen after all repeats but in force it sounds once", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", -300, 600)};
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood | L.1.1 played"},
    {"seen after it expired it never sounds", [](Simulation& s) { with_stock(s); s.alerts = {alert("L", -700, 600)}; }, 100,
     "| L.1.1 skipped:expired"},
    {"at its expiry it is cut", [](Simulation& s) { with_stock(s); s.alerts = {alert("L", 0, 8)}; }, 100,
     "0-2 L.1.1:tone; 2-8 L.1.1:flood | L.1.1 partial:expired"},
    {"a cancel stops it at once", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600)};
       s.on(5, [](Simulation& sim) {
         Alert c = alert("M", 5, 600);
         c.message = AlertMessage::cancel;
         c.references = {"L"};
         sim.alerts.push_back(c);
       });
     }, 100, "0-2 L.1.1:tone; 2-5 L.1.1:flood | L.1.1 cancelled:cancelled(M)"},
    {"a cancel of the same id stops it at once", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600)};
       s.on(5, [](Simulation& sim) {
         sim.alerts[0].message = AlertMessage::cancel;
         sim.alerts[0].revision = 2;
       });
     }, 100, "0-2 L.1.1:tone; 2-5 L.1.1:flood | L.1.1 cancelled:cancelled"},
    {"an update replaces what it names", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600)};
       s.on(5, [](Simulation& sim) {
         Alert u = alert("M", 5, 600);
         u.message = AlertMessage::update;
         u.references = {"L"};
         sim.alerts.push_back(u);
       });
     }, 100, "0-2 L.1.1:tone; 2-5 L.1.1:flood; 5-7 M.1.1:tone; 7-17 M.1.1:flood | L.1.1 cancelled:updated(M) M.1.1 played"},
    {"an update that is sent with the cancelled form of what it names is why that ended", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600)};
       s.on(5, [](Simulation& sim) {
         sim.alerts[0].message = AlertMessage::cancel;
         sim.alerts[0].revision = 2;
         Alert u = alert("M", 5, 600);
         u.message = AlertMessage::update;
         u.references = {"L"};
         sim.alerts.push_back(u);
       });
     }, 100, "0-2 L.1.1:tone; 2-5 L.1.1:flood; 5-7 M.1.1:tone; 7-17 M.1.1:flood | L.1.1 cancelled:updated(M) M.1.1 played"},
    {"an alert that is cancelled while it waits behind another has its outcome", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600), alert("M", 0, 600)};
       s.on(5, [](Simulation& sim) {
         sim.alerts[1].message = AlertMessage::cancel;
         sim.alerts[1].revision = 2;
       });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood | L.1.1 played M.1.1 cancelled:cancelled"},
    {"an alert that rises while it waits behind another has an outcome of each revision", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600), alert("M", 0, 600)};
       s.on(5, [](Simulation& sim) { sim.alerts[1].revision = 2; });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 12-14 M.2.1:tone; 14-24 M.2.1:flood | L.1.1 played M.1.1 cancelled:updated M.2.1 played"},
    {"an alert that vanishes while it waits behind another is withdrawn", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600), alert("M", 0, 600)};
       s.on(5, [](Simulation& sim) { sim.alerts.pop_back(); });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood | L.1.1 played M.1.1 cancelled:withdrawn"},
    {"an alert that is cancelled before anything of it is playable has its outcome", [](Simulation& s) {
       with_stock(s);
       s.history.playable = {};
       s.alerts = {alert("L", 0, 600)};
       s.on(5, [](Simulation& sim) {
         sim.alerts[0].message = AlertMessage::cancel;
         sim.alerts[0].revision = 2;
       });
     }, 100, "| L.1.1 cancelled:cancelled"},
    {"a repeat that is due while the one before still sounds has its outcome when the alert is cancelled", [](Simulation& s) {
       with_stock(s);
       Alert l = alert("L", 0, 600);
       l.repeats = 3;
       l.repeat_every = Millis{8000};
       s.alerts = {l};
       s.on(9, [](Simulation& sim) {
         sim.alerts[0].message = AlertMessage::cancel;
         sim.alerts[0].revision = 2;
       });
     }, 100, "0-2 L.1.1:tone; 2-9 L.1.1:flood | L.1.1 cancelled:cancelled L.1.2 cancelled:cancelled"},
    {"one that never came to the node before it was cancelled has none", [](Simulation& s) {
       with_stock(s);
       Alert l = alert("L", 0, 600);
       l.message = AlertMessage::cancel;
       l.revision = 2;
       s.alerts = {l};
     }, 100, "|"},
    {"a higher revision of an alert sounds anew", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600)};
       s.on(5, [](Simulation& sim) { sim.alerts[0].revision = 2; });
     }, 100, "0-2 L.1.1:tone; 2-5 L.1.1:flood; 5-7 L.2.1:tone; 7-17 L.2.1:flood | L.1.1 cancelled:updated L.2.1 played"},
    {"a snapshot signed anew repeats no sound", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600)};
       s.on(30, [](Simulation& sim) { sim.alerts = {alert("L", 0, 600)}; });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood | L.1.1 played"},
    {"an alert in two snapshots sounds once", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600), alert("L", 0, 600)};
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood | L.1.1 played"},
    {"an alert that vanishes is withdrawn", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600)};
       s.on(5, [](Simulation& sim) { sim.alerts.clear(); });
     }, 100, "0-2 L.1.1:tone; 2-5 L.1.1:flood | L.1.1 cancelled:withdrawn"},
    {"of two actual alerts the later waits", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600)};
       s.on(5, [](Simulation& sim) { sim.alerts.push_back(alert("M", 5, 600)); });
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 12-14 M.1.1:tone; 14-24 M.1.1:flood | L.1.1 played M.1.1 played"},
    {"an actual alert cuts an exercise, which begins again", [](Simulation& s) {
       with_stock(s);
       Alert e = alert("E", 0, 600);
       e.status = AlertStatus::exercise;
       s.alerts = {e};
       s.on(5, [](Simulation& sim) { sim.alerts.push_back(alert("L", 5, 600)); });
     }, 100, "0-2 E.1.1:tone; 2-5 E.1.1:exercise; 5-7 L.1.1:tone; 7-17 L.1.1:flood; 17-19 E.1.1:tone; 19-22 E.1.1:exercise; "
             "22-32 E.1.1:flood | E.1.1 played L.1.1 played"},
    {"mute silences alerts too", [](Simulation& s) {
       with_stock(s);
       s.plan->settings.mute = true;
       s.alerts = {alert("L", 0, 600)};
     }, 100, "| L.1.1 skipped:muted"},
    {"an alert whose sending is in this clock's future sounds at once", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 4, 600)};
     }, 100, "0-2 L.1.1:tone; 2-12 L.1.1:flood | L.1.1 played"},
    {"a restart in an alert goes on by the clock", [](Simulation& s) {
       with_stock(s);
       s.alerts = {alert("L", 0, 600)};
       off_between(s, 4, 6);
     }, 100, "0-2 L.1.1:tone; 2-4 L.1.1:flood; 6-12 L.1.1:flood+4 | L.1.1 partial:restarted"},
};

}  // namespace

TEST_CASE("the playhead sounds alerts above broadcasts") { tell(kAlerts); }
