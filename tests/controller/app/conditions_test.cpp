#include <catch2/catch.hpp>

#include "controller/conditions.hpp"

using namespace loa::controller;
using namespace std::chrono_literals;
using loa::protocol::MessageType;
using loa::scheduler::from_ms;
using loa::store::AlarmKind;

namespace {

constexpr auto kDay = 24h;

/// A controller of which all is well.
Facts well() {
  Facts facts;
  facts.now = from_ms(1'795'500'000'000);
  facts.broadcasting.connected = true;
  facts.broadcasting.since = facts.now - 1h;
  loa::protocol::SigningKey key;
  key.kid = "k1";
  key.branch = "hue";
  key.may_sign = {MessageType::plan, MessageType::head, MessageType::certificate};
  key.not_before = facts.now - kDay;
  key.not_after = facts.now + 400 * kDay;
  facts.keys.keys = {key};
  facts.lifetimes = {{"broker", facts.now - kDay, facts.now + 400 * kDay, 60 * kDay}};
  return facts;
}

/// `kind subject` of everything that holds.
std::vector<std::string> held(const Facts& facts) {
  std::vector<std::string> list;
  for (const auto& [kind, alarms] : conditions_of(facts))
    for (const auto& alarm : alarms) {
      CHECK(alarm.kind == kind);
      CHECK_FALSE(alarm.detail.empty());
      list.push_back(std::string(name_of(kind)) + " " + alarm.subject);
    }
  return list;
}

loa::protocol::SigningKey next_key(const Facts& facts) {
  auto key = facts.keys.keys.front();
  key.kid = "k2";
  key.not_after = facts.now + 700 * kDay;
  return key;
}

}  // namespace

TEST_CASE("each fact raises its own alarm and no other") {
  struct Row {
    const char* name;
    void (*change)(Facts&);
    std::vector<std::string> alarms;
  };
  const std::vector<Row> rows{
      {"all is well", [](Facts&) {}, {}},
      {"the broker is gone for a moment",
       [](Facts& f) { f.broadcasting.connected = false, f.broadcasting.since = f.now - 1min; }, {}},
      {"the broker is gone", [](Facts& f) { f.broadcasting.connected = false, f.broadcasting.since = f.now - 2min; },
       {"broker_unreachable controller"}},
      {"its files do not go live", [](Facts& f) { f.files_trouble = "no crl.pem"; }, {"broker_files controller"}},
      {"the clock is behind, which is also why nothing is signed",
       [](Facts& f) { f.broadcasting.clock_behind = true, f.broadcasting.trouble = "the clock says …"; }, {"clock_behind controller"}},
      {"a plan could not be signed", [](Facts& f) { f.broadcasting.trouble = "no working key may sign plan"; }, {"signing controller"}},
      {"an event failed", [](Facts& f) { f.events_trouble = "1 events failed"; }, {"events_failed controller"}},
      {"on hold", [](Facts& f) { f.broadcasting.on_hold = true; }, {"on_hold controller"}},
      {"nodes hold a higher key set", [](Facts& f) { f.broadcasting.key_set_seen = 1; }, {"key_set_behind controller"}},
      {"nodes hold the same key set", [](Facts& f) { f.broadcasting.key_set_seen = f.keys.number = 7; }, {}},
      {"the last backup is old", [](Facts& f) { f.backup_trouble = "the last backup is of …"; }, {"backup_old controller"}},
      {"the database is damaged", [](Facts& f) { f.store_trouble = "page 7"; }, {"store_damaged controller"}},
      {"a node is silent", [](Facts& f) { f.unheard = {{"n-one", "hue-19753", f.now - 13h}}; }, {"node_unheard n-one"}},
      {"a node does not get its plan", [](Facts& f) { f.withheld = {{"n-one", "hue-19753", "plan 5", f.now - 6min}}; }, {"withheld n-one"}},
      {"a certificate was not made anew", [](Facts& f) { f.lifetimes[0].ends = f.now + 59 * kDay; }, {"certificate_lapses broker"}},
      {"the only key will end", [](Facts& f) { f.keys.keys[0].not_after = f.now + 59 * kDay; }, {"key_lapses k1"}},
      {"the only key has ended", [](Facts& f) { f.keys.keys[0].not_after = f.now - kDay; },
       {"key_lapses k1", "no_certificate_key controller"}},
      {"the only key was made before boards had keys of their own",
       [](Facts& f) { f.keys.keys[0].may_sign = {MessageType::plan, MessageType::head}; }, {"no_certificate_key controller"}},
      {"another key may sign certificates",
       [](Facts& f) {
         f.keys.keys[0].may_sign = {MessageType::plan, MessageType::head};
         f.keys.keys.push_back(next_key(f));
         f.keys.keys[1].may_sign = {MessageType::certificate};
       },
       {}},
      {"a board's certificate was not renewed", [](Facts& f) { f.lapsing = {{"n-one", "hue-19753", f.now + kDay, false}}; },
       {"node_certificate_lapses n-one"}},
      {"a revoked key ends",
       [](Facts& f) { f.keys.keys.push_back(next_key(f)), f.keys.keys[0].revoked = f.now, f.keys.keys[0].not_after = f.now; }, {}},
      {"a key ends that another follows",
       [](Facts& f) { f.keys.keys[0].not_after = f.now + 1h, f.keys.keys.push_back(next_key(f)); }, {}},
      {"the one that follows signs less",
       [](Facts& f) {
         f.keys.keys[0].not_after = f.now + 1h;
         f.keys.keys.push_back(next_key(f));
         f.keys.keys[1].may_sign = {MessageType::plan};
       },
       {"key_lapses k1"}},
      {"the one that follows is of another branch",
       [](Facts& f) {
         f.keys.keys[0].not_after = f.now + 1h;
         f.keys.keys.push_back(next_key(f));
         f.keys.keys[1].branch = "hue-19753";
       },
       {"key_lapses k1"}},
      {"the one that follows begins only later",
       [](Facts& f) {
         f.keys.keys[0].not_after = f.now + 1h;
         f.keys.keys.push_back(next_key(f));
         f.keys.keys[1].not_before = f.now + 2h;
       },
       {"key_lapses k1"}},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    auto facts = well();
    row.change(facts);
    CHECK(held(facts) == row.alarms);
  }
}

TEST_CASE("without a broker, or just after it came back, nothing is said of nodes") {
  auto facts = well();
  facts.unheard = {{"n-one", "hue-19753", facts.now - 13h}};
  facts.broadcasting.since = facts.now - 9min;
  CHECK_FALSE(conditions_of(facts).contains(AlarmKind::node_unheard));
  facts.broadcasting.since = facts.now - 10min;
  CHECK(conditions_of(facts).at(AlarmKind::node_unheard).at(0).area == "hue-19753");
  facts.broadcasting.connected = false;
  CHECK_FALSE(conditions_of(facts).contains(AlarmKind::node_unheard));
}

TEST_CASE("a controller that has just started says nothing of the broker yet") {
  auto facts = well();
  facts.broadcasting.connected = false;
  facts.broadcasting.since = facts.now;
  CHECK_FALSE(conditions_of(facts).contains(AlarmKind::broker_unreachable));
  facts.broadcasting.connected = true;
  CHECK(conditions_of(facts).at(AlarmKind::broker_unreachable).empty());
}

TEST_CASE("a key set that could not be taken says why in its alarm") {
  auto facts = well();
  facts.broadcasting.key_set_seen = 3;
  facts.key_set_refused = "keys/root.pub: another root key";
  const auto alarms = conditions_of(facts)[AlarmKind::key_set_behind];
  REQUIRE(alarms.size() == 1);
  CHECK(alarms[0].detail.find("key set 3") != std::string::npos);
  CHECK(alarms[0].detail.ends_with("keys/root.pub: another root key"));
}
