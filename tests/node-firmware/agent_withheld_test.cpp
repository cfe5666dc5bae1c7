#include <algorithm>
#include <catch2/catch.hpp>

#include "waiting_node.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

// Alerts of which a head names newer ones that do not come.

TEST_CASE("alerts that a head knows to be old are asked for again, and then sound no more") {
  struct Row {
    const char* name;
    std::int64_t named;
    bool comes;                ///< the newest, with the alert still in it
    std::size_t tracks;        ///< begun until 12 s after the head
    std::string outcome, reason;
  };
  const std::vector<Row> rows{
      {"the head names what is held", 50, false, 1, "", ""},
      {"the head names a newer one that comes in time", 51, true, 1, "", ""},
      {"the head names a newer one that does not come", 51, false, 1, "cancelled", "withheld"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Waiting with;
    with.snapshot = with.node.snapshot(50, {with.node.alert("l-1", 60s)});
    with.node.deliver(kAlerts, with.node.controller.alert(with.snapshot));
    with.node.pass(1s);
    const auto asks = [&] { return std::count(with.node.link().asked.begin(), with.node.link().asked.end(), kAlerts); };
    const auto asked = asks();
    with.head_naming(row.named);
    with.node.pass(4s);
    CHECK(asks() == asked + (row.named > 50 ? 1 : 0));
    if (row.comes) with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(51, with.snapshot.alerts)));
    with.node.pass(8s);
    CHECK(with.node.player().order.size() == row.tracks);
    const auto records = with.node.records();
    REQUIRE(records.size() == (row.outcome.empty() ? 0 : 1));
    if (row.outcome.empty()) continue;
    CHECK(scheduler::name_of(records[0].outcome) == row.outcome);
    CHECK(records[0].reason == row.reason);
    CHECK(records[0].heard_ms >= 9'900);
    CHECK(records[0].heard_ms <= 12'100);
    CHECK(with.node.receipts().back().code == "withheld");
    CHECK(with.node.last_state().refusals.at("withheld") == 1);
    CHECK(with.node.last_state().areas.front().alert_revision == 0);
  }
}

TEST_CASE("who cuts the sessions short withholds no longer, and a network that is down silences nothing") {
  Waiting with;
  with.snapshot = with.node.snapshot(50, {with.node.alert("l-1", 20min)});
  with.node.deliver(kAlerts, with.node.controller.alert(with.snapshot));
  with.node.pass(1s);
  with.head_naming(51);
  with.node.pass(4s);
  with.node.link().drop();
  for (int attempt = 0; attempt < 2; ++attempt) {
    with.node.pass(1min);
    with.node.link().fail();
  }
  CHECK(with.sounds());
  for (int session = 0; session < 2; ++session) {
    with.node.connect();
    with.head_naming(51);
    with.node.pass(4s);
    CHECK(with.sounds() == (session == 0));
    with.node.link().drop();
    with.node.pass(1s);
  }
  REQUIRE(with.node.records().size() == 1);
  CHECK(with.node.records()[0].reason == "withheld");
}

TEST_CASE("a withheld alert stays silent after a restart, and its next repeats sound once the newest comes") {
  Waiting with;
  auto alert = with.node.alert("l-1", 60s);
  alert.repeats = 3;
  alert.repeat_every = 5min;
  with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(50, {alert})));
  with.node.pass(1s);
  with.head_naming(51);
  with.node.pass(11s);
  REQUIRE(with.node.records().size() == 1);
  with.node.boot();
  with.node.connect();
  with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(50, {alert})), true);
  with.head_naming(51);
  with.node.pass(7min);
  CHECK(with.node.player().order.empty());
  with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(51, {alert})));
  with.node.pass(6min);
  const auto records = with.node.records();
  REQUIRE(records.size() >= 2);
  CHECK(records.back().occurrence_id == "l-1.1.3");
  CHECK(records.back().outcome == Outcome::played);
}

TEST_CASE("a line that is cut withholds nothing: the alert goes on") {
  Waiting with;
  with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(50, {with.node.alert("l-1", 40s)})));
  with.node.pass(1s);
  with.head_naming(51);
  with.node.pass(2s);
  with.node.link().drop("cut");
  with.node.pass(60s);
  const auto records = with.node.records();
  REQUIRE(records.size() == 1);
  CHECK(records[0].outcome == Outcome::played);
}
