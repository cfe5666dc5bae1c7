#include <catch2/catch.hpp>

#include "rows.hpp"

using namespace loa::tests;

namespace {

const std::vector<Row> kRepeats = {
    {"with repeats 0 it goes on until it expires", [](Simulation& s) {
       with_stock(s);
       Alert l = alert("L", 0, 200);
       l.repeats = 0;
       l.repeat_every = Millis{60000};
       s.alerts = {l};
     }, 600, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 60-62 L.1.2:tone; 62-72 L.1.2:flood; 120-122 L.1.3:tone; 122-132 L.1.3:flood; "
             "180-182 L.1.4:tone; 182-192 L.1.4:flood | L.1.1 played L.1.2 played L.1.3 played L.1.4 played"},
    {"with repeats 0 one who comes back half-way hears the newest and the next", [](Simulation& s) {
       with_stock(s);
       Alert l = alert("L", -130, 200);
       l.repeats = 0;
       l.repeat_every = Millis{60000};
       s.alerts = {l};
     }, 600, "0-2 L.1.3:tone; 2-12 L.1.3:flood; 50-52 L.1.4:tone; 52-62 L.1.4:flood | "
             "L.1.1 skipped:missed L.1.2 skipped:missed L.1.3 played L.1.4 played"},
    {"with repeats 0 a cancel stops it for good", [](Simulation& s) {
       with_stock(s);
       Alert l = alert("L", 0, 6000);
       l.repeats = 0;
       l.repeat_every = Millis{60000};
       s.alerts = {l};
       s.on(65, [](Simulation& sim) {
         sim.alerts[0].message = AlertMessage::cancel;
         sim.alerts[0].revision = 2;
       });
     }, 600, "0-2 L.1.1:tone; 2-12 L.1.1:flood; 60-62 L.1.2:tone; 62-65 L.1.2:flood | L.1.1 played L.1.2 cancelled:cancelled"},
};

}  // namespace

TEST_CASE("an alert without a number of repeats sounds until it expires") { tell(kRepeats); }

TEST_CASE("of an alert that repeats for days only the newest repeats are told of to one who was away") {
  Simulation s;
  with_stock(s);
  Alert l = alert("L", -6 * 86400, 7 * 86400);
  l.repeats = 0;
  l.repeat_every = Millis{120000};
  s.alerts = {l};
  s.run(100);
  CHECK(s.faults.empty());
  REQUIRE(s.heard.size() == 2);
  CHECK(s.heard[0].what.occurrence_id == "L.1.4321");
  CHECK(s.ended.size() == static_cast<std::size_t>(kRepeatsLookedBack) + 1);
}

TEST_CASE("each of an alert's hundreds of repeats ends in one outcome, with few looks") {
  Simulation s;
  with_stock(s);
  s.plan->until = at_second(8 * 86400);
  Alert l = alert("L", 0, 86400);
  l.repeats = 0;
  l.repeat_every = Millis{120000};
  s.alerts = {l};
  s.run(1.1 * 86400);
  CHECK(s.faults.empty());
  CHECK(s.ended.size() == 720);
  CHECK(s.looks < 5 * 720);
}
