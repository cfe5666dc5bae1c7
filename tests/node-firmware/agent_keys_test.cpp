#include <catch2/catch.hpp>

#include "planned.hpp"
#include "tests/support/sample_authority.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

namespace {

const auto kKeys = protocol::keys_topic();
const auto kHead = protocol::head_topic(TestController::kNode);
const auto kPlan = protocol::plan_topic(TestController::kNode);
const auto kAlerts = protocol::alert_topic("hue");
const std::vector<MessageType> kAll{MessageType::head,  MessageType::plan,    MessageType::alert,
                                    MessageType::order, MessageType::log_ack, MessageType::controller_state};

/// A connected node of a controller that signs with `k-1`, which is stolen; `k-2` is what the next key set names.
struct Stolen {
  Stolen() {
    node.connect();
    node.send_head(0);
  }
  void head(std::int64_t plan, scheduler::TimePoint issued, const std::string& kid) {
    auto made = node.head(plan);
    made.issued = issued;
    node.deliver(kHead, node.controller.head(made, kid));
  }
  void next_keys(bool revoke = true) {
    node.controller.add_key("k-2", "hue", kAll);
    if (revoke) node.controller.revoke("k-1", node.now());
    node.deliver(kKeys, node.controller.key_set());
    node.pass(2s);  // a state with a new nonce follows
  }
  scheduler::Plan plan(std::int64_t revision, const std::string& broadcast, std::chrono::seconds ahead) {
    auto plan = node.plan(revision);
    plan.occurrences = {node.occurrence(broadcast, node.now() + ahead, 20s)};
    return plan;
  }
  std::string refusal() { return node.receipts().back().accepted ? "accepted" : node.receipts().back().code; }
  const node::Marks& marks() { return node.run->store.marks(); }

  TestNode node;
};

}  // namespace

TEST_CASE("numbers that a stolen key pushed sky-high do not stand in the way of the next key") {
  constexpr std::int64_t kSky = (std::int64_t{1} << 53) - 1;
  Stolen with;
  SECTION("a plan's revision") {
    with.head(kSky, with.node.now() + 1ms, "k-1");
    with.node.deliver(kPlan, with.node.controller.plan(with.plan(kSky, "b-1", 5s)), true);
    CHECK(with.node.agent().state().plan_held == kSky);
    with.next_keys();
    CHECK(with.node.agent().state().plan_held == 0);
    CHECK(with.node.agent().state().plan_highest == 0);
    with.head(100, with.node.now(), "k-2");
    with.node.deliver(kPlan, with.node.controller.plan(with.plan(100, "b-2", 5s), "k-2"), true);
    CHECK(with.node.agent().state().plan_held == 100);
    with.node.pass(1min);
    REQUIRE(with.node.records().size() == 1);
    CHECK(with.node.records()[0].broadcast_id == "b-2");
    CHECK(with.node.records()[0].outcome == Outcome::played);
  }
  SECTION("a head from the future, and the clock that it set") {
    with.node.pass(31min);  // a state with a new nonce: only its first answer sets the clock
    const auto right = with.node.now();
    with.head(0, right + 365 * 24h, "k-1");
    CHECK(with.node.run->clock.now() > right + 364 * 24h);
    with.next_keys();
    CHECK(with.node.run->clock.now() < right + 1min);
    with.head(0, with.node.now(), "k-2");
    CHECK(with.marks().head_kid == "k-2");
    CHECK(with.marks().last_head_issued() < right + 1min);
    CHECK(with.marks().newest_signed() < right + 1min);
  }
  SECTION("an alert's revision") {
    with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(kSky, {})));
    CHECK(with.marks().alert_highest("hue") == kSky);
    with.next_keys();
    CHECK(with.marks().alert_highest("hue") == 0);
    with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(60, {with.node.alert("l-2", 10s)}), "k-2"));
    with.node.pass(1s);
    CHECK(with.node.agent().state().sounding == "l-2.1.1");
  }
  SECTION("also where the set came while the node was off") {
    with.head(kSky, with.node.now() + 365 * 24h, "k-1");
    with.node.deliver(kPlan, with.node.controller.plan(with.plan(kSky, "b-1", 5s)), true);
    with.node.controller.add_key("k-2", "hue", kAll);
    with.node.controller.revoke("k-1", with.node.now());
    with.node.boot();  // it reads the set of a new bundle
    with.node.connect();
    CHECK(with.node.run->conductor.plan() == nullptr);
    CHECK(with.marks().plan_highest() == 0);
    with.node.pass(10s);
    CHECK(with.node.records().empty());
  }
  CHECK_FALSE(with.marks().by_key.contains("k-1"));
}

TEST_CASE("an alert of a revoked key ends at once while it sounds, and the next key's is heard") {
  Stolen with;
  with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(50, {with.node.alert("l-1", 20s)})));
  with.node.pass(5s);
  CHECK(with.node.agent().state().sounding == "l-1.1.1");
  with.node.controller.add_key("k-2", "hue", kAll);
  with.node.controller.revoke("k-1", with.node.now());
  with.node.deliver(kKeys, with.node.controller.key_set());
  CHECK(with.node.agent().state().sounding.empty());
  CHECK(with.node.player().tracks.empty());
  REQUIRE(with.node.records().size() == 1);
  CHECK(with.node.records()[0].outcome == Outcome::cancelled);
  CHECK(with.node.records()[0].reason == "revoked");
  with.node.deliver(kAlerts, with.node.controller.alert(with.node.snapshot(40, {with.node.alert("l-2", 3s)}), "k-2"));
  with.node.pass(10s);
  REQUIRE(with.node.records().size() == 2);
  CHECK(with.node.records()[1].alert_id == "l-2");
  CHECK(with.node.records()[1].outcome == Outcome::played);
}

TEST_CASE("a retained alert whose key is revoked while it waits for a head never sounds") {
  TestNode node;
  node.connect();
  node.deliver(kAlerts, node.controller.alert(node.snapshot(50, {node.alert("l-1", 20s)})), true);
  node.controller.revoke("k-1", node.now());
  node.deliver(kKeys, node.controller.key_set());
  node.pass(10s);
  CHECK(node.player().order.empty());
  CHECK(node.agent().state().refusals.at("revoked_key") == 1);
}

TEST_CASE("a key that is followed but not revoked goes on counting, with its marks and what it signed") {
  Stolen with;
  with.head(100, with.node.now() + 1ms, "k-1");
  with.node.deliver(kPlan, with.node.controller.plan(with.plan(100, "b-1", 5s)), true);
  with.node.pass(10s);
  with.next_keys(false);
  CHECK(with.node.agent().state().sounding == with.node.run->conductor.plan()->occurrences[0].id);
  CHECK(with.marks().plan_highest() == 100);
  with.head(99, with.node.now(), "k-2");
  CHECK(with.refusal() == "old_revision");
  SECTION("revoked later, when only the new one speaks, it takes nothing of that along") {
    with.head(200, with.node.now() + 1ms, "k-2");
    with.node.deliver(kPlan, with.node.controller.plan(with.plan(200, "b-2", 60s), "k-2"), true);
    with.node.controller.revoke("k-1", with.node.now());
    with.node.deliver(kKeys, with.node.controller.key_set());
    CHECK(with.marks().plan_highest() == 200);
    CHECK(with.node.agent().state().plan_held == 200);
    CHECK(with.node.run->clock.trusted());
  }
}

TEST_CASE("after a head by a key that is now revoked the node asks for another at once") {
  Stolen with;
  const auto before = with.node.link().renewals;
  with.next_keys();
  CHECK(with.node.link().renewals == before);
  with.node.pass(2s);
  CHECK(with.node.link().renewals == before + 1);
}

TEST_CASE("a board without a clock of its own believes a stolen head's time no longer than its key counts") {
  TestNode node;
  node.time.synced = false;
  node.time.boot = "boot-2";
  node.boot();
  node.connect();
  node.send_head(0);
  CHECK(node.run->clock.trusted());
  node.controller.add_key("k-2", "hue", kAll);
  node.controller.revoke("k-1", node.now());
  node.deliver(kKeys, node.controller.key_set());
  CHECK_FALSE(node.run->clock.trusted());
  CHECK_FALSE(node.run->store.marks().clock);
  node.pass(2s);
  node.deliver(kHead, node.controller.head(node.head(0), "k-2"));
  CHECK(node.run->clock.trusted());
}

TEST_CASE("records that only a revoked key acknowledged are sent again, and its late acknowledgement does not shut out the next") {
  Stolen with;
  with.head(100, with.node.now() + 1ms, "k-1");
  auto plan = with.plan(100, "b-1", 5s);
  plan.occurrences.push_back(with.node.occurrence("b-2", with.node.now() + 60s, 10s));
  with.node.deliver(kPlan, with.node.controller.plan(plan), true);
  with.node.pass(2min);
  REQUIRE(with.node.records().size() == 2);
  const auto ack = [&](std::int64_t number, scheduler::TimePoint issued, const std::string& kid) {
    with.node.deliver(protocol::log_ack_topic(TestController::kNode),
                      with.node.controller.ack({TestController::kNode, issued, with.node.run->log.id(), number, with.node.controller.areas}, kid));
  };
  ack(2, with.node.now() + 365 * 24h, "k-1");
  CHECK(with.node.run->log.acked() == 2);
  const auto sent = with.node.batches().size();
  with.next_keys();
  CHECK(with.node.run->log.acked() == 0);
  REQUIRE(with.node.batches().size() > sent);
  CHECK(with.node.batches().back().records.size() == 2);
  ack(2, with.node.now(), "k-2");
  CHECK(with.refusal() != "stale");
  CHECK(with.node.run->log.acked() == 2);
}

TEST_CASE("a key set of a machine whose clock is ahead takes neither the time nor the voice from a board") {
  struct Row {
    const char* name;
    scheduler::Millis ahead;
    bool synced;
  };
  const std::vector<Row> rows{{"seven hours, on a board with a synchronised clock", 7h, true},
                              {"in 2040, on a board with a synchronised clock", 14 * 365 * 24h, true},
                              {"seven hours, on a board without a clock", 7h, false},
                              {"in 2040, on a board without a clock", 14 * 365 * 24h, false}};
  for (const auto& row : rows)
    for (const bool rebooted : {false, true}) DYNAMIC_SECTION(row.name << (rebooted ? ", after a reboot" : "")) {
      Stolen with;
      auto& node = with.node;
      node.time.synced = row.synced;
      node.time.boot = "boot-2";
      node.boot();
      node.connect();
      node.send_head(0);
      const auto right = node.now();
      node.controller.keys.issued = right + row.ahead;
      node.controller.add_key("k-2", "hue", kAll);
      node.deliver(kKeys, node.controller.key_set());
      CHECK(node.run->clock.trusted());
      if (rebooted) {
        node.time.boot = "boot-3";
        node.boot();
        node.connect();
        CHECK(node.run->clock.trusted() == row.synced);
      }
      // Before any head: what is newest may sound at once, as the board knows nothing that is newer.
      node.deliver(kAlerts, node.controller.alert(node.snapshot(50, {node.alert("l-1", 3s)})));
      node.pass(10s);
      node.send_head(100);
      CHECK(std::chrono::abs(node.run->clock.now() - node.now()) < 1min);
      node.deliver(kPlan, node.controller.plan(with.plan(100, "b-1", 5s)), true);
      node.pass(1min);
      REQUIRE(node.records().size() == 2);
      CHECK(node.records()[0].alert_id == "l-1");
      CHECK(node.records()[1].outcome == Outcome::played);
      CHECK(with.marks().newest_signed() < right + 5min);
    }
}

TEST_CASE("a time beyond every certificate, which a stolen key's head gave, does not keep a board from its broker") {
  Stolen with;
  with.node.pass(31min);  // a state with a new nonce
  with.head(0, with.node.now() + 14 * 365 * 24h, "k-1");
  CHECK(with.node.run->clock.trusted());
  with.node.link().drop();
  with.node.connect();
  CHECK(with.node.link().tls_time > with.node.now() + 13 * 365 * 24h);
  CHECK(with.node.link().dates_may_mislead);
  with.next_keys();
  CHECK(with.node.run->clock.now() < with.node.now() + 1min);
}

TEST_CASE("an issue time of a key set that an earlier release remembered is not believed") {
  Stolen with;
  auto marks = with.marks();
  marks.by_key["root"].newest_signed = with.node.now() + 14 * 365 * 24h;
  with.node.run->store.keep(marks);
  with.node.boot();
  CHECK(with.node.run->clock.trusted());
  CHECK(with.marks().newest_signed() <= with.node.now());
}

TEST_CASE("an older key set is refused, reported, and changes nothing") {
  Stolen with;
  const auto old = with.node.controller.key_set();
  with.next_keys();
  const auto number = with.node.agent().state().key_set;
  with.node.deliver(kKeys, old, true);
  CHECK(with.refusal() == "old_revision");
  CHECK(with.node.receipts().back().about == MessageType::keys);
  CHECK(with.node.agent().state().key_set == number);
  with.node.deliver(kPlan, with.node.controller.plan(with.plan(500, "b-1", 5s)), true);
  CHECK(with.refusal() == "revoked_key");
  SECTION("also after a restart") {
    with.node.boot();
    CHECK(with.node.agent().state().key_set == number);
  }
}

TEST_CASE("a node that was off while keys changed twice takes the newest set, then head, then plan") {
  Stolen with;
  with.node.link().drop();
  with.node.pass(30 * 24h);
  with.next_keys();  // nobody hears this one: it is not connected
  with.node.controller.add_key("k-3", "hue", kAll);
  with.node.controller.revoke("k-2", with.node.now());
  with.node.boot();
  with.node.connect();
  with.node.deliver(kKeys, with.node.controller.key_set(), true);
  CHECK(with.node.agent().state().key_set == with.node.controller.keys.number);
  with.node.pass(2s);
  with.head(700, with.node.now(), "k-3");
  CHECK(with.node.link().filters.contains(kPlan));
  with.node.deliver(kPlan, with.node.controller.plan(with.plan(700, "b-1", 5s), "k-3"), true);
  with.node.pass(1min);
  REQUIRE(with.node.records().size() == 1);
  CHECK(with.node.records()[0].outcome == Outcome::played);
}

TEST_CASE("a commune's key cannot take the node away from the province's") {
  Stolen with;
  with.node.controller.add_key("k-commune", "phu-bai", kAll);
  with.node.deliver(kKeys, with.node.controller.key_set());
  with.node.pass(2s);
  auto head = with.node.head(0);
  head.areas = {{"da-nang", 0}, {"phu-bai", 0}};
  with.node.deliver(kHead, with.node.controller.head(head, "k-commune"));
  CHECK(with.refusal() == "key_not_allowed");
  CHECK(with.node.agent().state().areas.front().area == "hue");
  head = with.node.head(0);
  head.areas = {{"hue", 0}, {"phu-bai", 0}, {"phu-bai-2", 0}};
  with.node.deliver(kHead, with.node.controller.head(head, "k-commune"));
  CHECK(with.node.agent().state().areas.back().area == "phu-bai-2");
}

TEST_CASE("the authorities of the key set are trusted from the next connection on, in place of the bundle's") {
  Stolen with;
  CHECK(with.node.link().ca_pem == with.node.controller.bundle().ca_pem);
  with.node.controller.keys.authorities = {kSampleAuthority};
  ++with.node.controller.keys.number;
  with.node.deliver(kKeys, with.node.controller.key_set());
  with.node.link().drop();
  with.node.connect();
  CHECK(with.node.link().ca_pem->find("-----BEGIN CERTIFICATE-----") == 0);
  SECTION("also after a restart") {
    with.node.boot();
    with.node.connect();
    CHECK(with.node.link().ca_pem->find("-----BEGIN CERTIFICATE-----") == 0);
  }
  SECTION("a set that lists what is none is refused whole") {
    const auto trusted = with.node.agent().authorities();
    with.node.controller.keys.authorities = {"AAAA"};
    ++with.node.controller.keys.number;
    with.node.deliver(kKeys, with.node.controller.key_set());
    CHECK(with.refusal() == "malformed");
    CHECK(with.node.receipts().back().where == "/authorities/0");
    CHECK(with.node.agent().authorities() == trusted);
  }
}

TEST_CASE("a plan that names other brokers cannot keep the node from the bundle's for more than six hours") {
  const std::string home = "mqtts://127.0.0.1:8883";
  const std::string away = "mqtts://thief.example:8883";
  Stolen with;
  auto plan = with.plan(100, "b-1", 5s);
  plan.brokers = {away};
  with.head(100, with.node.now() + 1ms, "k-1");
  with.node.deliver(kPlan, with.node.controller.plan(plan), true);
  CHECK(with.node.link().addresses == std::vector<std::string>{away, home});
  with.node.link().drop();
  with.node.link().address = away;
  with.node.connect();
  with.node.send_head(100);
  const auto before = with.node.link().renewals;
  with.node.pass(5h + 50min);
  CHECK(with.node.link().renewals == before);
  with.node.pass(11min);
  REQUIRE(with.node.link().renewals == before + 1);
  CHECK(with.node.link().addresses == std::vector<std::string>{home});
  SECTION("there it hears of the new keys, and goes on trying its bundle's brokers alone once the plan is dropped") {
    with.node.link().address = home;
    with.node.connect();
    with.next_keys();
    CHECK(with.node.link().addresses == std::vector<std::string>{home});
    CHECK(with.node.run->conductor.plan() == nullptr);
  }
  SECTION("where nobody is there it goes back to the round of all, for another six hours") {
    with.node.time.pass(1s);
    with.node.link().fail();
    CHECK(with.node.link().addresses == std::vector<std::string>{away, home});
    with.node.link().address = away;
    with.node.connect();
    with.node.send_head(100);
    with.node.pass(5h);
    CHECK(with.node.link().renewals == before + 1);
  }
}
