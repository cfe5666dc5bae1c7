#include <catch2/catch.hpp>
#include <functional>

#include "controller/store/node_columns.hpp"
#include "controller/store/plans.hpp"
#include "controller/store/receipts.hpp"
#include "controller/store/user_sessions.hpp"
#include "controller/store/users.hpp"
#include "tests/controller/store/fixture.hpp"

using namespace loa::store;
using loa::protocol::Amplifier;
using loa::protocol::DiskHealth;
using loa::protocol::Lifecycle;
using loa::protocol::Supply;

namespace {

NodeState state_of_one(const Province& province, std::int64_t session_number = 1, std::int64_t sequence = 1) {
  NodeState made;
  auto& s = made.state;
  s.node = "n-one";
  s.session = "s1";
  s.session_number = session_number;
  s.sequence = sequence;
  s.issued = province.clock.now();
  s.nonce = "AAAAAAAAAAAAAAAAAAAAAA";
  s.lifecycle = Lifecycle::ready;
  s.formats = {1, 2};
  s.plan_held = s.plan_verified = s.plan_highest = 100;
  s.areas = {{"hue", 3}, {"hue-19753", 0}};
  s.refusals = {{"bad_signature", 2}};
  s.clock = loa::scheduler::ClockQuality::synced;
  s.signal_percent = 70;
  s.clock_bound_ms = 12;
  s.amplifier = Amplifier::fault;
  s.amplifier_dbfs = -31.5;
  s.disk = DiskHealth::full;
  s.supply = Supply::dc;
  s.supply_mv = 12'100;
  s.temperature_c = 48.5;
  s.data_used = 1'000'000;
  s.data_budget = 2'000'000'000;
  s.safe_mode = "too many starts";
  made.received = province.clock.now();
  made.packet = "signed";
  return made;
}

void wanted(Province& province, std::int64_t revision) {
  province.write([&](Transaction& t) { put_plan_revision(t, {"n-one", revision, t.now(), t.now(), "c", "p"}); });
}

}  // namespace

TEST_CASE("a node is kept field by field, and its code is free again once it is retired") {
  Province province;
  auto& session = *province.session;
  auto node = Province::node("n-new", "KL-2", "hue-19774");
  node.latitude = 16.4;
  node.settings.volume = 40;
  REQUIRE(province.write([&](Transaction& t) { return add_node(t, node); }));
  node.created = province.clock.now();
  CHECK(find_node(session, "n-new") == node);
  CHECK_FALSE(province.write([](Transaction& t) { return add_node(t, Province::node("n-x", "KL-2", "hue")); }));
  CHECK(province.write([](Transaction& t) { return retire_node(t, "n-new"); }));
  CHECK_FALSE(province.write([](Transaction& t) { return retire_node(t, "n-new"); }));
  CHECK(province.write([](Transaction& t) { return add_node(t, Province::node("n-x", "KL-2", "hue")); }));
  CHECK(find_node(session, "n-new")->retired);
  CHECK(find_node_by_code(session, "KL-2")->id == "n-x");
}

TEST_CASE("nodes are listed by branch, with chain and settings") {
  Province province;
  CHECK(list_nodes(*province.session, {"hue"}).size() == 3);
  province.write([](Transaction& t) { set_area_settings(t, "hue-19753", {.volume = 50}); });
  const auto rows = list_node_rows(*province.session, {"hue-19753"});
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].node.id == "n-zone");
  CHECK(rows[1].areas == std::vector<std::string>{"hue", "hue-19753", "hue-19753-a"});
  CHECK(rows[1].wanted.volume == 50);
  CHECK(list_node_rows(*province.session, {"hue-19774"}).size() == 1);
}

TEST_CASE("the rows of a branch hold the newest state and revision of its live nodes, and no signed packet is read for them") {
  Province province;
  for (const std::int64_t revision : {100, 200}) wanted(province, revision);
  province.write([&](Transaction& t) {
    auto state = state_of_one(province);
    put_node_state(t, state);
    state.state.node = "n-other";
    put_node_state(t, state);
    put_plan_revision(t, {"n-other", 900, t.now(), t.now(), "c", "p"});
    retire_node(t, "n-zone");
  });
  auto rows = list_node_rows(*province.session, {"hue-19753"});
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].wanted_revision == 200);
  REQUIRE(rows[0].state);
  CHECK(rows[0].state->state == state_of_one(province).state);
  CHECK(rows[0].state->packet.empty());
  rows = list_node_rows(*province.session, {"hue"});
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].node.id == "n-other");
  CHECK(rows[1].wanted_revision == 900);
  CHECK(rows[1].state);
}

TEST_CASE("what a node signed stays where a later state comes without it") {
  Province province;
  const auto put = [&](std::int64_t sequence, std::string packet) {
    auto state = state_of_one(province, 1, sequence);
    state.packet = std::move(packet);
    province.write([&](Transaction& t) { put_node_state(t, state); });
    return find_state_packet(*province.session, "n-one");
  };
  CHECK(find_state_packet(*province.session, "n-one").empty());
  CHECK(put(1, "first") == "first");
  CHECK(put(2, "") == "first");
  CHECK(find_node_state(*province.session, "n-one")->state.sequence == 2);
  CHECK(put(3, "third") == "third");
}

TEST_CASE("a node's newest state is kept, by session then sequence") {
  Province province;
  auto& session = *province.session;
  const auto put = [&](std::int64_t number, std::int64_t sequence) {
    return province.write([&](Transaction& t) { return put_node_state(t, state_of_one(province, number, sequence)); });
  };
  CHECK(put(2, 5));
  CHECK(find_node_state(session, "n-one")->state == state_of_one(province, 2, 5).state);
  CHECK_FALSE(put(2, 5));
  CHECK_FALSE(put(2, 4));
  CHECK_FALSE(put(1, 9));
  CHECK(put(3, 1));
  auto stranger = state_of_one(province);
  stranger.state.node = "n-unknown";
  CHECK_FALSE(province.write([&](Transaction& t) { return put_node_state(t, stranger); }));
}

TEST_CASE("a node's status is what it reported, not what was sent") {
  Province province;
  wanted(province, 100);
  struct Row {
    const char* name;
    std::function<void(NodeState&)> say;
    Millis age;
    NodeStatus status;
    std::string reason;
  };
  const Row rows[] = {
      {"holds and verified the wanted plan", [](auto&) {}, Millis{0}, NodeStatus::ready, ""},
      {"has not verified every file", [](auto& n) { n.state.plan_verified = 99; n.state.clips_wanted = 3; }, Millis{0},
       NodeStatus::fetching, "clips_missing"},
      {"its month's data runs short", [](auto& n) { n.state.clips_wanted = n.state.clips_held + 1; n.state.plan_verified = 99; n.state.data_used = 490; n.state.data_budget = 500; },
       Millis{0}, NodeStatus::fetching, "data_short"},
      {"its month's data is used up", [](auto& n) { n.state.clips_wanted = n.state.clips_held + 1; n.state.plan_verified = 99; n.state.data_used = 501; n.state.data_budget = 500; },
       Millis{0}, NodeStatus::fetching, "data_used_up"},
      {"it holds all in spite of it", [](auto& n) { n.state.data_used = 501; n.state.data_budget = 500; }, Millis{0}, NodeStatus::ready, ""},
      {"holds an older plan", [](auto& n) { n.state.plan_held = n.state.plan_verified = 99; }, Millis{0},
       NodeStatus::fetching, "plan_not_held"},
      {"plays", [](auto& n) { n.state.lifecycle = Lifecycle::playing; }, Millis{0}, NodeStatus::playing, ""},
      {"sounds an alert", [](auto& n) { n.state.lifecycle = Lifecycle::alerting; }, Millis{0}, NodeStatus::playing, ""},
      {"is muted", [](auto& n) { n.state.muted = true; }, Millis{0}, NodeStatus::muted, "muted"},
      {"its will says it went", [](auto& n) { n.state.lifecycle = Lifecycle::gone; }, Millis{0}, NodeStatus::offline, "gone"},
      {"its plan ended", [](auto& n) { n.state.lifecycle = Lifecycle::expired; }, Millis{0}, NodeStatus::error, "plan_expired"},
      {"it does not know the time", [](auto& n) { n.state.clock = loa::scheduler::ClockQuality::untrusted; }, Millis{0},
       NodeStatus::error, "clock_untrusted"},
      {"it plays alerts alone", [](auto& n) { n.state.safe_mode = "ended 5 times"; n.state.lifecycle = Lifecycle::fetching; }, Millis{0},
       NodeStatus::error, "safe_mode"},
      {"its disk is full", [](auto& n) { n.state.disk = loa::protocol::DiskHealth::full; }, Millis{0}, NodeStatus::error, "disk_full"},
      {"its disk can only be read, though it plays", [](auto& n) {
         n.state.disk = loa::protocol::DiskHealth::read_only;
         n.state.lifecycle = Lifecycle::playing;
       }, Millis{0}, NodeStatus::error, "disk_read_only"},
      {"its disk fails and it is muted", [](auto& n) { n.state.disk = loa::protocol::DiskHealth::failing; n.state.muted = true; }, Millis{0},
       NodeStatus::error, "disk_failing"},
      {"its disk is well", [](auto& n) { n.state.disk = loa::protocol::DiskHealth::ok; }, Millis{0}, NodeStatus::ready, ""},
      {"two periods are not yet passed", [](auto&) {}, 2 * kStatePeriod, NodeStatus::ready, ""},
      {"two periods without a newer state", [](auto&) {}, 2 * kStatePeriod + Millis{1}, NodeStatus::unknown, "state_old"},
  };
  for (const auto& one : rows) {
    INFO(one.name);
    auto row = *find_node_row(*province.session, "n-one");
    CHECK(row.wanted_revision == 100);
    row.state = state_of_one(province);
    row.state->state.safe_mode.reset();
    row.state->state.disk.reset();
    one.say(*row.state);
    const auto now = province.clock.now() + one.age;
    CHECK(loa::store::status_of(row, now) == one.status);
    const auto reasons = reasons_of(row, now);
    if (one.reason.empty())
      CHECK(reasons.empty());
    else
      CHECK(std::find(reasons.begin(), reasons.end(), one.reason) != reasons.end());
  }
  CHECK(loa::store::status_of(*find_node_row(*province.session, "n-zone"), province.clock.now()) == NodeStatus::unknown);
}

TEST_CASE("a plan's revision only rises, also above what a node was told") {
  Province province;
  auto& session = *province.session;
  const auto put = [&](std::int64_t revision) {
    return province.write(
        [&](Transaction& t) { return put_plan_revision(t, {"n-one", revision, t.now(), t.now(), "c", "p"}); });
  };
  CHECK(put(10));
  CHECK_FALSE(put(10));
  CHECK_FALSE(put(9));
  province.write([](Transaction& t) { raise_plan_revision(t, "n-one", 50); });
  CHECK(highest_plan_revision(session, "n-one") == 50);
  CHECK_FALSE(put(50));
  CHECK(put(51));
  CHECK(find_plan_revision(session, "n-one")->revision == 51);
  CHECK(list_plan_revisions(session).size() == 1);
}

TEST_CASE("refusals are counted by node, kind and code") {
  Province province;
  RefusalRow refusal{"n-one", "state", "bad_signature", 1, "/signature", "not signed by the node", province.clock.now()};
  province.write([&](Transaction& t) {
    count_refusal(t, refusal);
    refusal.count = 4;
    count_refusal(t, refusal);
    refusal.node = "n-stranger";
    count_refusal(t, refusal);
  });
  const auto own = list_refusals(*province.session, {"hue"});
  REQUIRE(own.size() == 1);
  CHECK(own[0].count == 5);
  CHECK(list_refusals(*province.session, {"hue"}, true).size() == 2);
  CHECK(list_refusals(*province.session, {"hue-19774"}).empty());
}

TEST_CASE("a user's sessions end with the password and with the account") {
  Province province;
  auto& session = *province.session;
  User user;
  user.id = "u-1";
  user.login = "lan";
  user.name = "Lan";
  user.password_hash = "hash";
  user.grants = {{Role::author, "hue-19753"}, {Role::monitor, "hue"}};
  REQUIRE(province.write([&](Transaction& t) { return add_user(t, user); }));
  auto twin = user;
  twin.id = "u-2";
  CHECK_FALSE(province.write([&](Transaction& t) { return add_user(t, twin); }));
  user.created = province.clock.now();
  CHECK(find_user_by_login(session, "lan") == user);

  const auto now = province.clock.now();
  province.write([&](Transaction& t) { add_user_session(t, {"s-1", "token", "u-1", now, now + Millis{1000}, now, now, "10.0.0.1", "Firefox"}); });
  CHECK(find_user_session(session, "token", now, std::chrono::hours(1)));
  CHECK_FALSE(find_user_session(session, "token", now + Millis{1000}, std::chrono::hours(1)));
  SECTION("new password") { user.password_hash = "other"; }
  SECTION("disabled") { user.disabled = true; }
  province.write([&](Transaction& t) { update_user(t, user); });
  CHECK_FALSE(find_user_session(session, "token", now, std::chrono::hours(1)));

  province.write([](Transaction& t) {
    add_sign_in_attempt(t, "lan", false);
    add_sign_in_attempt(t, "lan", true);
  });
  CHECK(failed_sign_ins(session, "lan", "", now) == 1);
  CHECK(failed_sign_ins(session, "other", "10.0.0.1", now) == 1);
  CHECK(failed_sign_ins(session, "lan", "", now + Millis{1}) == 0);
}
