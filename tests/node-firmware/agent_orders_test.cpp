#include <catch2/catch.hpp>

#include "planned.hpp"

// Orders: what is obeyed, what is refused and with which code, and what a self-test tells.

using namespace loa;
using namespace loa::tests;
using protocol::OrderKind;
using scheduler::Outcome;

namespace {

const std::string kChime(64, 'c');

/// A gate that tells the conductor what the test says came out of the amplifier.
struct FakeGate final : node::edge::SoundGate {
  std::optional<node::edge::Monotonic> expect(node::edge::Monotonic, const node::edge::SoundOutlook& outlook) override {
    if (outlook.sounding && told.empty()) told = "before the player";
    return std::nullopt;
  }
  void began(node::edge::Monotonic, std::uint64_t) override {}
  node::edge::Measured ended(node::edge::Monotonic, std::uint64_t, std::optional<double> digital) override {
    return digital ? measured : node::edge::Measured{};
  }
  std::string told;
  node::edge::Measured measured;
};

struct Ordered {
  Ordered() {
    node.shelf.stock = {{"chime", kChime, 9929, 2950ms}};
    node.shelf.held[kChime] = true;
    node.lengths[kChime] = 2950ms;
    node.gate = &gate;
    node.boot();
    node.connect();
    plan = node.plan(100);
  }
  protocol::Order order(const std::string& id = "o-1", OrderKind kind = OrderKind::self_test) const {
    protocol::Order order;
    order.id = id;
    order.node = TestController::kNode;
    order.issued = node.now();
    order.expires = node.now() + 5min;
    order.kind = kind;
    order.areas = node.controller.areas;
    return order;
  }
  void give(const protocol::Order& order, const std::string& kid = "k-1") { give(node.controller.order(order, kid)); }
  void give(const std::string& jws) { node.deliver(protocol::order_topic(TestController::kNode), jws); }
  std::string answer() {
    const auto all = node.receipts();
    if (all.empty() || all.back().about != MessageType::order) return "";
    return all.back().accepted ? "accepted" : all.back().code;
  }

  FakeGate gate;
  TestNode node;
  scheduler::Plan plan;
};

}  // namespace

TEST_CASE("a self-test sounds the chime at the wanted volume, has its receipt at once, and tells its level in a record of nobody's") {
  Ordered with;
  with.plan.settings.volume = 40;
  with.node.send_plan(with.plan);
  with.give(with.order());
  CHECK(with.answer() == "accepted");
  CHECK(with.node.records().empty());
  with.node.pass(1s);
  REQUIRE(with.node.player().tracks.size() == 1);
  const auto told = with.node.player().last();
  CHECK(told.track.file.stem() == kChime);
  CHECK(told.track.volume == 40);
  CHECK(with.gate.told == "before the player");
  with.node.pass(5s);
  REQUIRE(with.node.records().size() == 1);
  const auto record = with.node.records()[0];
  CHECK(record.occurrence_id == "o-1.selftest");
  CHECK(record.broadcast_id.empty());
  CHECK(record.alert_id.empty());
  CHECK(record.programme_id.empty());
  CHECK(record.outcome == Outcome::played);
  CHECK(record.heard_ms == 2950);
  CHECK(record.planned_ms == 2950);
  CHECK(record.volume == 40);
  CHECK(record.clip_sha256 == kChime);
  CHECK(record.level_dbfs == -20.0);
  CHECK(record.level_kind == scheduler::LevelKind::digital);
  CHECK_FALSE(record.amplifier_dbfs);
  CHECK_FALSE(with.node.batches().empty());  // and it is on its way to the controller
}

TEST_CASE("what came out of the amplifier decides what a record says") {
  struct Row {
    const char* name;
    node::edge::Measured measured;
    scheduler::LevelKind kind;
    std::optional<double> dbfs;
    Outcome outcome;
    const char* reason;
  };
  const auto row = GENERATE(values<Row>({
      {"nothing can be measured", {}, scheduler::LevelKind::digital, {}, Outcome::played, ""},
      {"an ear heard it", {true, -24.5, false}, scheduler::LevelKind::measured, -24.5, Outcome::played, ""},
      {"an ear heard nothing", {true, -81.0, true}, scheduler::LevelKind::measured, -81.0, Outcome::failed, "silent"},
      {"a fault line alone", {true, std::nullopt, false}, scheduler::LevelKind::measured, {}, Outcome::played, ""},
  }));
  DYNAMIC_SECTION(row.name) {
    Ordered with;
    with.gate.measured = row.measured;
    SECTION("of a self-test") {
      with.node.send_plan(with.plan);
      with.give(with.order());
      with.node.pass(10s);
    }
    SECTION("of a broadcast") {
      with.plan.occurrences = {with.node.occurrence("b-1", with.node.now() + 5s, 20s)};
      with.node.send_plan(with.plan);
      with.node.pass(40s);
    }
    REQUIRE(with.node.records().size() == 1);
    const auto record = with.node.records()[0];
    CHECK(record.level_kind == row.kind);
    CHECK(record.amplifier_dbfs == row.dbfs);
    CHECK(record.outcome == row.outcome);
    CHECK(record.reason == row.reason);
    CHECK(record.level_dbfs == -20.0);  // the digital level stays beside it
  }
}

TEST_CASE("two clips of one occurrence make one level, by their power and their length") {
  Ordered with;
  auto one = with.node.occurrence("b-1", with.node.now() + 5s, 10s);
  auto two = with.node.occurrence("b-2", with.node.now() + 5s, 30s);
  one.items.push_back(two.items[0]);
  one.duration = 40s;
  with.plan.occurrences = {one};
  with.node.send_plan(with.plan);
  with.gate.measured = {true, -80.0, true};
  with.node.pass(16s);
  with.gate.measured = {true, -20.0, false};
  with.node.pass(60s);
  REQUIRE(with.node.records().size() == 1);
  CHECK(with.node.records()[0].amplifier_dbfs.value() == Approx(-21.25).margin(0.01));  // three quarters of the power
  CHECK(with.node.records()[0].outcome == Outcome::played);
}

TEST_CASE("a self-test that cannot be done now is refused with its reason, and never sounds later") {
  struct Row {
    const char* name;
    const char* code;
    std::function<void(Ordered&)> before;
  };
  const std::vector<Row> rows{
      {"muted", "muted", [](Ordered& with) {
         with.plan.settings.mute = true;
         with.node.send_plan(with.plan);
       }},
      {"a broadcast sounds", "busy", [](Ordered& with) {
         with.plan.occurrences = {with.node.occurrence("b-1", with.node.now() + 5s, 60s)};
         with.node.send_plan(with.plan);
         with.node.pass(20s);
       }},
      {"a broadcast is due in 29 s", "busy", [](Ordered& with) {
         with.plan.occurrences = {with.node.occurrence("b-1", with.node.now() + 29s, 60s)};
         with.node.send_plan(with.plan);
       }},
      {"a self-test sounds already", "busy", [](Ordered& with) {
         with.node.send_plan(with.plan);
         with.give(with.order("o-0"));
       }},
      {"there is no chime", "unsupported", [](Ordered& with) {
         with.node.shelf.stock.clear();
         with.node.send_plan(with.plan);
       }},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Ordered with;
      row.before(with);
      const auto order = with.order();
      with.give(order);
      CHECK(with.answer() == row.code);
      with.node.pass(2min);
      with.give(order);
      CHECK(with.answer() == "replayed");
      with.node.pass(10s);
      for (const auto& record : with.node.records()) CHECK(record.occurrence_id != "o-1.selftest");
    }
  }
}

TEST_CASE("a broadcast that is due in half a minute leaves room for a self-test") {
  Ordered with;
  with.plan.occurrences = {with.node.occurrence("b-1", with.node.now() + 31s, 10s)};
  with.node.send_plan(with.plan);
  with.give(with.order());
  CHECK(with.answer() == "accepted");
  with.node.pass(60s);
  REQUIRE(with.node.records().size() == 2);
  CHECK(with.node.records()[0].occurrence_id == "o-1.selftest");
  CHECK(with.node.records()[1].outcome == Outcome::played);
}

TEST_CASE("a self-test gives way to an alert, to a stop and to a newer plan's mute, and leaves one record") {
  Ordered with;
  with.node.send_plan(with.plan);
  with.give(with.order());
  with.node.pass(1s);
  SECTION("an alert") {
    with.node.deliver(protocol::alert_topic("hue"), with.node.controller.alert(with.node.snapshot(5, {with.node.alert("L-1", 10s)})));
    with.node.pass(30s);
    REQUIRE(with.node.records().size() == 2);
    CHECK(with.node.records()[0].occurrence_id == "o-1.selftest");
    CHECK(with.node.records()[0].outcome == Outcome::partial);
    CHECK(with.node.records()[0].reason == "interrupted");
    CHECK(with.node.records()[1].outcome == Outcome::played);
  }
  SECTION("a stop") {
    with.give(with.order("o-2", OrderKind::stop));
    with.node.pass(5s);
    REQUIRE(with.node.records().size() == 1);
    CHECK(with.node.records()[0].reason == "stopped");
  }
  SECTION("a plan that mutes") {
    auto muted = with.node.plan(101);
    muted.settings.mute = true;
    with.node.send_plan(muted);
    with.node.pass(5s);
    REQUIRE(with.node.records().size() == 1);
    CHECK(with.node.records()[0].reason == "muted");
  }
  SECTION("a plan that changes nothing of it lets it end") {
    with.node.send_plan(with.node.plan(101));
    with.node.pass(5s);
    REQUIRE(with.node.records().size() == 1);
    CHECK(with.node.records()[0].outcome == Outcome::played);
  }
  SECTION("a restart") {
    with.node.kill();
    with.node.boot();
    with.node.pass(10s);
    REQUIRE(with.node.records().size() == 1);
    CHECK(with.node.records()[0].outcome == Outcome::cancelled);
    CHECK(with.node.player().tracks.empty());
  }
}

TEST_CASE("a node without a plan, or whose plan has ended, can be tested") {
  Ordered with;
  SECTION("without a plan") { with.node.send_head(0); }
  SECTION("its plan has ended") {
    with.plan.until = with.node.now() + 1h;
    with.plan.settings.volume = 30;
    with.node.send_plan(with.plan);
    with.node.pass(2h);
  }
  with.give(with.order());
  CHECK(with.answer() == "accepted");
  with.node.pass(10s);
  REQUIRE(with.node.records().size() == 1);
  CHECK(with.node.records()[0].outcome == Outcome::played);
}

TEST_CASE("an order that is not for this node, now, by who may give it, is refused with a code") {
  struct Row {
    const char* name;
    const char* code;
    std::function<void(Ordered&)> give;
  };
  const std::vector<Row> rows{
      {"replayed", "replayed", [](Ordered& with) {
         const auto order = with.order();
         with.give(order);
         with.node.pass(10s);
         with.give(order);
       }},
      {"replayed after a restart", "replayed", [](Ordered& with) {
         const auto order = with.order();
         with.give(order);
         with.node.pass(10s);
         with.node.kill();
         with.node.boot();
         with.node.connect();
         with.node.send_head(100);
         with.give(order);
       }},
      {"expired", "expired", [](Ordered& with) {
         auto order = with.order();
         order.issued = with.node.now() - 10min;
         order.expires = with.node.now() - 1ms;
         with.give(order);
       }},
      {"forged: another key under a known name", "bad_signature", [](Ordered& with) {
         with.give(protocol::sign(MessageType::order, "k-1", protocol::encode(with.order()), protocol::PrivateKey::generate()));
       }},
      {"by a key that may sign alerts only", "key_not_allowed", [](Ordered& with) { with.give(with.order(), "k-alerts"); }},
      {"foreign: meant for another node", "wrong_audience", [](Ordered& with) {
         auto order = with.order();
         order.node = "n-other";
         with.give(order);
       }},
      {"for areas that its key is not above", "key_not_allowed", [](Ordered& with) {
         auto order = with.order();
         order.areas = {"da-nang"};
         with.give(order);
       }},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Ordered with;
      with.node.send_plan(with.plan);
      row.give(with);
      CHECK(with.answer() == row.code);
      const auto before = with.node.records().size();
      with.node.pass(1min);
      CHECK(with.node.records().size() == before);
    }
  }
}

TEST_CASE("while the node does not know the time, an order waits for it, and none that has ended is obeyed") {
  Ordered with;
  with.node.kill();
  with.node.time.synced = false;
  with.node.time.boot = "boot-2";
  with.node.time.wall_at_boot = scheduler::from_ms(0);  // 1970: no battery
  with.node.boot();
  with.node.connect();
  const auto truth = scheduler::from_ms(1'790'001'000'000);
  auto order = with.order("o-1", OrderKind::restart);
  order.issued = truth - 1min;
  order.expires = truth + 5min;
  const auto head_at = [&](TimePoint issued) {
    auto head = with.node.head(0);
    head.issued = issued;
    with.node.deliver(protocol::head_topic(TestController::kNode), with.node.controller.head(head));
  };
  SECTION("it is done when a head has brought the time") {
    with.give(order);
    CHECK(with.answer() == "");
    CHECK_FALSE(with.node.run->restart_asked);
    head_at(truth);
    CHECK(with.answer() == "accepted");
    CHECK(with.node.run->restart_asked);
  }
  SECTION("it is refused when that time is past its end") {
    with.give(order);
    head_at(truth + 10min);
    CHECK(with.answer() == "expired");
    CHECK_FALSE(with.node.run->restart_asked);
  }
  SECTION("it is refused when no head comes within 30 s") {
    with.give(order);
    with.node.pass(31s);
    CHECK(with.node.agent().state().refusals.at("stale") == 1);  // without a head the session was begun anew: nobody is there to be told
    head_at(truth);
    CHECK_FALSE(with.node.run->restart_asked);
  }
  SECTION("a report is harmless, and is sent") {
    order.kind = OrderKind::report;
    with.give(order);
    CHECK(with.answer() == "accepted");
  }
  SECTION("no more than a few wait") {
    for (int i = 0; i < 9; ++i) {
      order.id = "o-" + std::to_string(i);
      with.give(order);
    }
    CHECK(with.answer() == "stale");
  }
}
