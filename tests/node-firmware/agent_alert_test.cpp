#include <algorithm>
#include <catch2/catch.hpp>

#include "waiting_node.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

TEST_CASE("an alert that arrives live sounds at once") {
  Waiting with;
  with.node.deliver(kAlerts, with.payload, false);
  with.node.pass(100ms);
  CHECK(with.node.player().order.size() == 1);
  with.node.pass(1s);
  CHECK(with.node.last_state().lifecycle == protocol::Lifecycle::alerting);
  CHECK(with.node.last_state().sounding == "l-1.1.1");
  with.node.pass(20s);
  REQUIRE(with.node.records().size() == 1);
  const auto record = with.node.records()[0];
  CHECK(record.alert_id == "l-1");
  CHECK(record.cls == scheduler::Class::emergency);
  CHECK(record.outcome == Outcome::played);
  CHECK(record.heard_ms == 20'000);
  CHECK(record.title == "Lũ khẩn cấp");
  CHECK(with.node.receipts().back().accepted);
}

TEST_CASE("an alert is begun before anything of it is written") {
  Waiting with;
  const auto file = with.node.folder.path() / "state/alerts/hue.jws";
  with.node.link().deliver(kAlerts, with.payload, false);
  CHECK(with.node.player().order.size() == 1);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(with.node.run->store.marks().alert_highest("hue") == 0);
  SECTION("once it sounds it is kept") {
    with.node.pass(100ms);
    CHECK(std::filesystem::exists(file));
    CHECK(with.node.receipts().back().accepted);
  }
  SECTION("where it does not begin it is kept soon all the same") {
    with.node.player().tracks.clear();  // the player says nothing
    for (int i = 0; i < 8; ++i) {
      with.node.time.pass(100ms);
      with.node.agent().tick();
    }
    CHECK(std::filesystem::exists(file));
  }
  SECTION("a node that ends at once keeps it") {
    with.node.agent().stop(1s, [] {});
    CHECK(std::filesystem::exists(file));
  }
  CHECK(with.node.run->store.marks().alert_highest("hue") == 50);
}

TEST_CASE("the repeats that a node missed are written down after the one that is due has begun") {
  Waiting with;
  auto alert = with.node.alert("l-1", 20s);
  alert.sent = with.node.now() - 41min;
  alert.repeats = 10;
  with.node.link().deliver(kAlerts, with.node.controller.alert(with.node.snapshot(50, {alert})), false);
  CHECK(with.node.player().order.size() == 1);
  CHECK(with.node.records().empty());
  with.node.pass(100ms);
  CHECK(with.node.records().size() == 4);
}

TEST_CASE("an alert that arrives as retained waits for a head") {
  Waiting with;
  with.node.deliver(kAlerts, with.payload, true);
  with.node.pass(1s);
  CHECK_FALSE(with.sounds());
  SECTION("a head that names this revision lets it sound") {
    with.head_naming(50);
    with.node.pass(200ms);
    CHECK(with.sounds());
  }
  SECTION("a head that names a higher revision drops it, with a receipt") {
    with.head_naming(51);
    with.node.pass(10s);
    CHECK_FALSE(with.sounds());
    CHECK(with.refused_as("old_revision"));
    CHECK(with.node.records().empty());
  }
  SECTION("no head within 5 s: it sounds") {
    with.node.pass(3s);
    CHECK_FALSE(with.sounds());
    with.node.pass(2s);
    CHECK(with.sounds());
  }
}

TEST_CASE("a retained alert after the head is judged at once") {
  Waiting with;
  with.head_naming(51);
  SECTION("an older one that a killed broker brought back stays silent") {
    with.node.deliver(kAlerts, with.payload, true);
    with.node.pass(10s);
    CHECK_FALSE(with.sounds());
    CHECK(with.refused_as("old_revision"));
    CHECK(with.refused_as("withheld"));
  }
  SECTION("the named one sounds") {
    with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(51, with.snapshot.alerts)), true);
    with.node.pass(200ms);
    CHECK(with.sounds());
  }
}

TEST_CASE("a cancelled alert does not sound again from an old retained snapshot, also after a restart") {
  Waiting with;
  with.node.deliver(kAlerts, with.payload);
  with.node.pass(5s);
  auto cancelled = with.snapshot.alerts;
  cancelled[0].message = scheduler::AlertMessage::cancel;
  cancelled[0].revision = 2;
  with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(60, cancelled)));
  with.node.pass(500ms);
  REQUIRE(with.node.records().size() == 1);
  CHECK(with.node.records()[0].outcome == Outcome::cancelled);
  CHECK(with.node.records()[0].reason == "cancelled");
  CHECK(with.node.records()[0].heard_ms >= 4'900);
  with.node.boot();
  with.node.connect();
  with.node.deliver(kAlerts, with.payload, true);
  with.node.pass(10s);
  CHECK(with.node.player().order.empty());
  CHECK(with.node.records().size() == 1);
}

TEST_CASE("signing a snapshot anew repeats no sound") {
  Waiting with;
  with.node.deliver(kAlerts, with.payload);
  with.node.pass(25s);
  with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(70, with.snapshot.alerts)));
  with.node.pass(30s);
  CHECK(with.node.records().size() == 1);
  CHECK(with.node.player().order.size() == 1);
}

TEST_CASE("an alert repeats as it says, each with its own record") {
  Waiting with;
  with.snapshot.alerts[0].repeats = 2;
  with.node.deliver(kAlerts, with.node.controller.alert(with.snapshot));
  with.node.pass(15min);
  REQUIRE(with.node.records().size() == 2);
  CHECK(with.node.records()[1].occurrence_id == "l-1.1.2");
  CHECK(with.node.records()[1].outcome == Outcome::played);
}

TEST_CASE("alerts of an area that the node left end as cancelled: moved") {
  Waiting with;
  scheduler::Alert local = with.node.alert("l-2", 60s);
  local.area = "phu-bai";
  const scheduler::AlertSnapshot snapshot{"phu-bai", 5, with.node.now(), {local}};
  with.node.send_head(0);
  with.node.deliver(protocol::alert_topic("phu-bai"), with.node.controller.alert(snapshot));
  with.node.pass(10s);
  CHECK(with.node.last_state().sounding == "l-2.1.1");
  with.node.controller.areas = {"hue", "thuan-hoa"};
  with.node.send_head(0);
  with.node.pass(500ms);
  REQUIRE(with.node.records().size() == 1);
  CHECK(with.node.records()[0].outcome == Outcome::cancelled);
  CHECK(with.node.records()[0].reason == "moved");
  CHECK(with.node.records()[0].heard_ms >= 9'900);
  CHECK(with.node.link().filters.count(protocol::alert_topic("thuan-hoa")) == 1);
  CHECK(with.node.link().filters.count(protocol::alert_topic("phu-bai")) == 0);
}

TEST_CASE("a bad alert is refused with a receipt") {
  struct Row {
    const char* name;
    std::string code;
    std::function<std::string(Waiting&)> make;
  };
  const std::vector<Row> rows{
      {"bad signature", "bad_signature",
       [](Waiting& with) {
         return protocol::sign(MessageType::alert, "k-1", protocol::encode(with.snapshot), protocol::PrivateKey::generate());
       }},
      {"another area than the topic's", "wrong_audience",
       [](Waiting& with) {
         auto other = with.snapshot;
         other.area = "phu-bai";
         other.alerts.clear();
         return with.node.controller.alert(other);
       }},
      {"an area that the node is not under", "wrong_area",
       [](Waiting& with) {
         auto other = with.snapshot;
         other.area = "da-nang";
         other.alerts.clear();
         return with.node.controller.alert(other);
       }},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Waiting with;
      with.node.deliver(kAlerts, row.make(with));
      with.node.pass(6s);
      CHECK_FALSE(with.sounds());
      REQUIRE_FALSE(with.node.receipts().empty());
      CHECK(with.node.receipts().back().code == row.code);
      CHECK(with.node.receipts().back().about == MessageType::alert);
    }
  }
}

TEST_CASE("tone and stock clip sound until the alert's own clip is there") {
  Waiting with;
  const std::string tone(64, '1');
  const std::string words(64, '2');
  with.node.shelf.stock = {{"tone", tone, 10, 3000ms}, {"flood", words, 10, 5000ms}};
  for (const auto& clip : with.node.shelf.stock) {
    with.node.shelf.held[clip.sha256] = true;
    with.node.lengths[clip.sha256] = clip.duration;
  }
  with.node.shelf.held.erase(with.snapshot.alerts[0].clip->sha256);
  with.node.deliver(kAlerts, with.payload);
  with.node.pass(40min);
  REQUIRE(with.node.records().size() == 1);
  CHECK(with.node.records()[0].reason == "not_fetched");
  CHECK(with.node.records()[0].heard_ms == 8'000);
  CHECK(with.node.records()[0].clip_sha256 == words);
  CHECK(with.node.shelf.wanted.at(0).sha256 == with.snapshot.alerts[0].clip->sha256);
}

TEST_CASE("without a trusted clock no schedule sounds, and an alert once where it is the newest that was signed") {
  TestNode node;
  node.time.synced = false;
  node.time.boot = "boot-2";  // what was held does not count any more
  node.boot();
  node.connect();
  CHECK(node.last_state().clock == scheduler::ClockQuality::untrusted);
  auto alert = node.alert("l-1", 5s);
  alert.repeats = 3;
  alert.repeat_every = 60s;
  SECTION("a live one sounds, and only once") {
    node.deliver(kAlerts, node.controller.alert(node.snapshot(50, {alert})));
    node.pass(4min);
    CHECK(node.player().order.size() == 1);
  }
  SECTION("one older than the newest signed time does not") {
    auto marks = node.run->store.marks();
    marks.by_key["k-1"].newest_signed = node.now() + 1h;
    node.run->store.keep(marks);
    node.boot();
    node.connect();
    node.deliver(kAlerts, node.controller.alert(node.snapshot(50, {alert})));
    node.pass(10s);
    CHECK(node.player().order.empty());
  }
}

TEST_CASE("an alert takes over a broadcast, which goes on afterwards where it was cut") {
  TestNode node;
  node.connect();
  auto plan = node.plan(100);
  plan.occurrences = {node.occurrence("b-1", node.now() + 10s, 60s)};
  node.send_plan(plan);
  node.pass(30s);
  node.deliver(kAlerts, node.controller.alert(node.snapshot(50, {node.alert("l-1", 10s)})));
  node.pass(200ms);
  CHECK(node.agent().state().sounding == "l-1.1.1");
  node.pass(2min);
  const auto records = node.records();
  REQUIRE(records.size() == 2);
  CHECK(records[0].alert_id == "l-1");
  CHECK(records[1].broadcast_id == "b-1");
  CHECK(records[1].outcome == Outcome::played);
  CHECK(records[1].heard_ms >= 59'500);
  CHECK(records[1].interrupted_by == "l-1.1.1");
  CHECK(node.player().order.size() == 3);
}

TEST_CASE("while an alert stands the line is watched closely, for its update may come at any moment") {
  Waiting with;
  with.head_naming(0);
  CHECK_FALSE(with.node.link().closely);
  with.node.deliver(kAlerts, with.payload);
  CHECK(with.node.link().closely);
  SECTION("until it expires") {
    with.node.pass(59min);
    CHECK(with.node.link().closely);
    with.node.pass(2min);
    CHECK_FALSE(with.node.link().closely);
  }
  SECTION("until none is left") {
    with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(51, {})));
    CHECK_FALSE(with.node.link().closely);
  }
}
