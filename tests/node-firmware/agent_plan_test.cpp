#include <catch2/catch.hpp>

#include "test_node.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

namespace {

const auto kPlan = protocol::plan_topic(TestController::kNode);

// A node that holds plan 100 with one broadcast in an hour.
struct Held {
  Held() {
    node.connect();
    plan = node.plan(100);
    plan.occurrences = {node.occurrence("b-1", node.now() + 1h, 30s)};
    node.send_plan(plan);
  }
  TestNode node;
  scheduler::Plan plan;
};

struct BadPlan {
  const char* name;
  std::string code;
  std::string words;  // in the message that a person sees
  std::function<std::string(Held&)> make;
};

std::string with_json(Held& held, const std::function<void(std::string&)>& change) {
  auto next = held.plan;
  next.revision = 200;
  auto json = protocol::encode(next);
  change(json);
  return protocol::pack_plan(json, "k-1", held.node.controller.working.at("k-1")).value();
}

}  // namespace

TEST_CASE("a node follows the brokers that its plan names, those of its bundle behind them") {
  Held held;
  const std::string bundled = "mqtts://127.0.0.1:8883";
  CHECK(held.node.link().addresses == std::vector<std::string>{bundled, bundled});
  held.plan.revision = 200;
  held.plan.brokers = {"mqtts://new.example:8883", "mqtts://spare.example:8883"};
  held.node.send_plan(held.plan);
  const std::vector<std::string> wanted{"mqtts://new.example:8883", "mqtts://spare.example:8883", bundled};
  CHECK(held.node.link().addresses == wanted);
  held.node.kill();
  held.node.boot();
  CHECK(held.node.link().addresses == wanted);
}

TEST_CASE("a node takes the plan that a head names") {
  Held held;
  held.node.pass(1s);
  CHECK(held.node.last_state().plan_held == 100);
  CHECK(held.node.last_state().plan_verified == 100);
  CHECK(held.node.last_state().lifecycle == protocol::Lifecycle::ready);
  REQUIRE(held.node.receipts().size() == 1);
  CHECK(held.node.receipts()[0].accepted);
  CHECK(held.node.receipts()[0].revision == 100);
  SECTION("and asks for it only when it lacks one") {
    CHECK(held.node.link().filters.count(kPlan) == 0);
    held.node.send_head(100);
    CHECK(held.node.link().filters.count(kPlan) == 0);
    held.node.send_head(101);
    CHECK(held.node.link().filters.count(kPlan) == 1);
  }
  SECTION("and is not ready before every file is verified") {
    held.node.shelf.held.clear();
    held.node.pass(2s);
    CHECK(held.node.last_state().plan_verified == 0);
    CHECK(held.node.last_state().lifecycle == protocol::Lifecycle::fetching);
  }
  SECTION("and says where the files are and which come first") {
    CHECK(held.node.shelf.bases == std::vector<std::string>{"https://files.example:443"});
    REQUIRE(held.node.shelf.wanted.size() == 1);
    CHECK(held.node.shelf.wanted[0].needed == held.plan.occurrences[0].due);
  }
}

TEST_CASE("a clip that was here and is spoilt is asked for again at once") {
  Held held;
  const auto clip = held.plan.occurrences[0].items[0].sha256;
  held.node.shelf.held[clip] = true;
  held.node.pass(2s);
  REQUIRE(held.node.last_state().plan_verified == 100);
  const int asked = held.node.shelf.asked;
  held.node.pass(1min);
  CHECK(held.node.shelf.asked == asked);
  held.node.shelf.held.erase(clip);
  held.node.pass(1min);
  CHECK(held.node.shelf.asked == asked + 1);
  CHECK(held.node.last_state().plan_verified == 0);
}

TEST_CASE("a bad plan is refused with a receipt, and the node keeps what it had") {
  const std::vector<BadPlan> rows{
      {"bad signature", "bad_signature", "the signature is not by the key k-1",
       [](Held& held) {
         auto next = held.plan;
         next.revision = 200;
         return protocol::pack_plan(protocol::encode(next), "k-1", protocol::PrivateKey::generate()).value();
       }},
      {"unknown key", "unknown_key", "no key set named its key within 30 s",
       [](Held& held) {
         auto next = held.plan;
         next.revision = 200;
         return protocol::pack_plan(protocol::encode(next), "k-none", protocol::PrivateKey::generate()).value();
       }},
      {"a key that may not sign plans", "key_not_allowed", "the key k-alerts may not sign loa-plan",
       [](Held& held) {
         auto next = held.plan;
         next.revision = 200;
         return held.node.controller.plan(next, "k-alerts");
       }},
      {"a key that is not for this area", "key_not_allowed", "the key k-elsewhere is for da-nang",
       [](Held& held) {
         auto next = held.plan;
         next.revision = 200;
         return held.node.controller.plan(next, "k-elsewhere");
       }},
      {"another message type in the envelope", "wrong_type", "loa-head",
       [](Held& held) { return held.node.controller.head(held.node.head(100)); }},
      {"a foreign audience", "wrong_audience", "n-other",
       [](Held& held) {
         auto next = held.plan;
         next.revision = 200;
         next.node = "n-other";
         return held.node.controller.plan(next);
       }},
      {"an old revision", "old_revision", "plan 99 is below 100, the highest named",
       [](Held& held) {
         auto next = held.plan;
         next.revision = 99;
         return held.node.controller.plan(next);
       }},
      {"past its expiry", "expired", "the plan ended at ",
       [](Held& held) {
         auto next = held.node.plan(200);
         next.from = held.node.now() - 48h;
         next.made = held.node.now() - 48h;
         next.until = held.node.now() - 1h;
         return held.node.controller.plan(next);
       }},
      {"an unknown format", "format_unknown", "2",
       [](Held& held) {
         return with_json(held, [](std::string& json) { json.replace(json.find("\"v\":1"), 5, "\"v\":2"); });
       }},
      {"an unknown field", "malformed", "surprise",
       [](Held& held) {
         return with_json(held, [](std::string& json) { json.insert(1, "\"surprise\":1,"); });
       }},
      {"no message at all", "malformed", "", [](Held&) { return std::string("hello"); }},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Held held;
      const auto before = held.node.receipts().size();
      held.node.deliver(kPlan, row.make(held));
      if (row.code == "unknown_key") {
        CHECK(held.node.receipts().size() == before);  // it waits for the next key set
        held.node.pass(31s);
      }
      const auto receipts = held.node.receipts();
      REQUIRE(receipts.size() == before + 1);
      CHECK_FALSE(receipts.back().accepted);
      CHECK(receipts.back().code == row.code);
      CHECK_THAT(receipts.back().message + receipts.back().where, Catch::Contains(row.words));
      CHECK(receipts.back().about == MessageType::plan);
      held.node.pass(20s);
      const auto state = held.node.last_state();
      REQUIRE(state.last_refusal);
      CHECK(state.last_refusal->code == row.code);
      CHECK(state.refusals.at(row.code) == 1);
      CHECK(state.plan_held == 100);
      held.node.pass(1h + 1min);
      REQUIRE(held.node.records().size() == 1);
      CHECK(held.node.records()[0].outcome == Outcome::played);
    }
  }
}

TEST_CASE("a plan by a key that the next key set names is taken when that set comes") {
  Held held;
  auto next = held.plan;
  next.revision = 200;
  held.node.controller.add_key("k-new", "hue", {MessageType::plan});
  held.node.deliver(kPlan, held.node.controller.plan(next, "k-new"));
  CHECK(held.node.run->conductor.plan()->revision == 100);
  held.node.pass(20s);
  held.node.deliver(protocol::keys_topic(), held.node.controller.key_set(), true);
  CHECK(held.node.run->conductor.plan()->revision == 200);
  CHECK(held.node.receipts().back().accepted);
}

TEST_CASE("a revoked key silences at once what it signed, even while it sounds") {
  Held held;
  held.node.pass(1h + 10s);
  CHECK(held.node.last_state().lifecycle == protocol::Lifecycle::playing);
  held.node.controller.revoke("k-1", held.node.now());
  held.node.deliver(protocol::keys_topic(), held.node.controller.key_set());
  held.node.pass(500ms);
  REQUIRE(held.node.records().size() == 1);
  CHECK(held.node.records()[0].outcome == Outcome::cancelled);
  CHECK(held.node.records()[0].reason == "revoked");
  CHECK(held.node.records()[0].heard_ms >= 9'000);
  CHECK(held.node.player().tracks.empty());
  SECTION("and the plan does not come back with a restart") {
    held.node.boot();
    CHECK(held.node.run->conductor.plan() == nullptr);
  }
}

TEST_CASE("heads are taken only fresh, and only ours") {
  struct Row {
    const char* name;
    std::string code;
    std::function<void(TestNode&, protocol::Head&)> spoil;
  };
  const std::vector<Row> rows{
      {"another nonce", "stale", [](TestNode&, protocol::Head& head) { head.nonce = std::string(22, 'A'); }},
      {"an issue time that does not rise", "stale",
       [](TestNode& node, protocol::Head& head) { head.issued = node.run->store.marks().last_head_issued(); }},
      {"a lower plan revision", "old_revision", [](TestNode&, protocol::Head& head) { head.plan_revision = 99; }},
      {"another node's", "wrong_audience", [](TestNode&, protocol::Head& head) { head.node = "n-other"; }},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Held held;
      const auto marks = held.node.run->store.marks();
      held.node.time.pass(1s);
      auto head = held.node.head(500);
      row.spoil(held.node, head);
      held.node.deliver(protocol::head_topic(TestController::kNode), held.node.controller.head(head));
      CHECK(held.node.receipts().back().code == row.code);
      CHECK(held.node.run->store.marks().plan_highest() == marks.plan_highest());
      CHECK(held.node.run->store.marks().last_head_issued() == marks.last_head_issued());
    }
  }
}

TEST_CASE("nothing below the highest revision that a head named is taken, also after a restart") {
  Held held;
  held.node.send_head(300);
  held.node.boot();
  held.node.connect();
  auto next = held.plan;
  next.revision = 299;
  held.node.deliver(kPlan, held.node.controller.plan(next), true);
  CHECK(held.node.receipts().back().code == "old_revision");
  CHECK(held.node.run->conductor.plan()->revision == 100);
}

TEST_CASE("two state periods without a valid head are reported as controller unheard") {
  Held held;
  CHECK(held.node.last_state().controller_heard);
  held.node.pass(61min);
  CHECK_FALSE(held.node.last_state().controller_heard);
  held.node.send_head(100);
  held.node.pass(2s);
  CHECK(held.node.last_state().controller_heard);
}

TEST_CASE("each state carries a new nonce, and the will the session of the connection") {
  TestNode node;
  node.connect();
  const auto first = node.last_state();
  const auto will = protocol::decode_state(
      protocol::open(node.link().will->payload, MessageType::state, node.controller.node_key.public_key()).value()).value();
  CHECK(will.lifecycle == protocol::Lifecycle::gone);
  CHECK(will.session == first.session);
  CHECK(will.session_number == first.session_number);
  CHECK(will.sequence > first.sequence);
  CHECK(will.nonce.empty());
  node.send_head(0);
  node.pass(31min);
  CHECK(node.last_state().nonce != first.nonce);
  node.link().drop();
  node.connect();
  CHECK(node.last_state().session_number == first.session_number + 1);
  CHECK(node.last_state().session != first.session);
}

TEST_CASE("a session in which no head comes is begun anew by the node, ever more rarely") {
  TestNode node;
  const auto ended_after = [&node] {  // seconds until the node gives a silent session up
    node.connect();
    CHECK(node.agent().tick() - node.time.now <= 12s);  // it wakes for that by itself, with nothing else to do
    int seconds = 0;
    while (node.link().connected() && ++seconds < 1000) node.pass(1s);
    return seconds;
  };
  CHECK(ended_after() == 3);
  CHECK(ended_after() == 6);
  CHECK(ended_after() == 12);
  CHECK(node.link().renewals == 3);
  node.connect();
  node.send_head(0);
  node.pass(30min);
  CHECK(node.link().connected());
  node.link().drop();
  CHECK(ended_after() == 3);
}
