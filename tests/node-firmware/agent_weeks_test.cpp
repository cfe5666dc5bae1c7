#include <catch2/catch.hpp>

#include <random>
#include <set>

#include "planned.hpp"

// Weeks without a network, in the time of a test: the clock and the player are pretended, all else is the node.

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

namespace {

constexpr int kDays = 16;
constexpr int kEachDay = 6;
constexpr Millis kLength = 4s;

/// A node that got a plan of sixteen days and then lost its network for good.
struct Weeks {
  Weeks() {
    node.connect();
    begin = node.now();
    auto plan = node.plan(100);
    plan.until = begin + kDays * 24h;
    for (int day = 0; day < kDays; ++day)
      for (int n = 0; n < kEachDay; ++n)
        plan.occurrences.push_back(node.occurrence("b-" + std::to_string(n), begin + day * 24h + n * 3h + 1h, kLength));
    node.send_plan(plan);
    node.link().drop();
  }
  bool in_play() { return !node.player().tracks.empty(); }
  void pass_to(TimePoint when) {
    if (when > node.now()) node.pass(when - node.now());
  }
  void restart(node::Monotonic off) {
    count();
    node.kill();
    node.time.pass(off);
    node.boot();
  }
  void count() {
    for (const auto& track : node.player().sounded)
      if (track.offset == 0ms) ++from_the_beginning;
    node.player().sounded.clear();
  }

  TestNode node;
  TimePoint begin;
  int from_the_beginning = 0;
};

}  // namespace

TEST_CASE("a plan of sixteen days without a network and with restarts at any time: nothing twice, nothing lost, then silence that says why") {
  Weeks weeks;
  std::mt19937 random(GENERATE(1u, 2u));
  const auto upto = [&random](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  std::vector<std::pair<TimePoint, bool>> restarts;
  for (int n = 0; n < 24; ++n) {
    const int day = n % 8 == 7 ? 14 + upto(1) : upto(12);
    const bool in_play = n % 2 == 0;
    const auto occurrence = weeks.begin + day * 24h + upto(kEachDay - 1) * 3h + 1h;
    restarts.emplace_back(in_play ? occurrence + Millis(upto(3900)) : occurrence + std::chrono::minutes(1 + upto(170)), in_play);
  }
  std::sort(restarts.begin(), restarts.end());
  for (const auto& [when, in_play] : restarts) {
    weeks.pass_to(when);
    weeks.restart(Millis(upto(in_play ? 1500 : 40000)));
  }
  weeks.pass_to(weeks.begin + kDays * 24h + 1min);
  weeks.count();

  const auto records = weeks.node.records();
  CHECK(records.size() == kDays * kEachDay);
  std::set<std::string> once;
  int whole = 0;
  for (const auto& record : records) {
    INFO(record.occurrence_id << ": " << record.reason << ", " << record.heard_ms << " ms");
    CHECK(once.insert(record.occurrence_id).second);
    CHECK(record.heard_ms <= kLength.count());
    whole += record.outcome == Outcome::played;
    if (record.outcome != Outcome::played) {
      CHECK(record.outcome == Outcome::partial);
      CHECK((record.reason == "restarted" || record.reason == "late"));
    }
    const bool fourteenth = record.due >= weeks.begin + 13 * 24h && record.due < weeks.begin + 14 * 24h;
    if (fourteenth) CHECK(record.outcome == Outcome::played);
    if (fourteenth) CHECK(record.heard_ms == kLength.count());
  }
  CHECK(whole >= kDays * kEachDay - 12);
  CHECK(weeks.from_the_beginning <= kDays * kEachDay);

  const auto played = weeks.node.player().order.size();
  CHECK_THAT(weeks.node.agent().silence(), Catch::Contains("plan_expired: plan 100 ended at"));
  weeks.node.pass(24h);
  CHECK(weeks.node.player().order.size() == played);
  CHECK(weeks.node.records().size() == kDays * kEachDay);
}

TEST_CASE("acknowledged records are bounded though no clock says how old they are") {
  TestNode node;
  scheduler::PlayRecord record;
  record.broadcast_id = "b-1";
  record.language = "vi";
  node::Transaction transaction(node.run->database);
  for (int n = 0; n < 20'100; ++n) {
    record.occurrence_id = "b-" + std::to_string(n) + "@20261124T060000Z";
    node.run->log.append(record);
  }
  transaction.commit();
  node.run->log.prune(std::nullopt);
  CHECK(node.records().size() == 20'100);  // nobody has acknowledged them
  node.run->log.sent(20'100);
  REQUIRE(node.run->log.take_ack({TestController::kNode, node.now(), node.run->log.id(), 20'050, {"hue"}}).has_value());
  node.run->log.prune(std::nullopt);
  CHECK(node.records().size() == 20'000);
  CHECK(node.records().front().number == 101);
}

TEST_CASE("a node whose database was lost sounds nothing a second time, and says why") {
  Planned with;
  with.node.deliver(protocol::alert_topic("hue"), with.node.controller.alert(with.node.snapshot(50, {with.node.alert("l-1", 5s)})));
  with.node.pass(30s);
  with.node.kill();
  for (const char* beside : {"", "-wal", "-shm"}) std::filesystem::remove(with.node.state_folder / (std::string("node.db") + beside));
  with.node.time.pass(1s);
  SECTION("with a clock") {}
  SECTION("and with no clock until a head comes") {
    with.node.time.synced = false;
    with.node.time.boot = "boot-2";
  }
  SECTION("and the power goes once more before the time is known") {
    with.node.time.synced = false;
    with.node.time.boot = "boot-2";
    with.node.boot();
    with.node.pass(10s);
    CHECK(with.node.player().order.empty());
    with.node.kill();
    with.node.time.boot = "boot-3";
  }
  with.node.boot();
  with.node.connect();
  with.node.pass(2s);
  with.node.send_head(100);
  with.node.pass(2min);
  CHECK(with.node.player().order.empty());
  const auto records = with.node.records();
  REQUIRE(records.size() == 2);
  for (const auto& record : records) {
    CHECK(record.outcome == Outcome::skipped);
    CHECK(record.reason == "history_lost");
  }
  auto next = with.node.plan(200);  // what is due from now on sounds
  next.occurrences = {with.node.occurrence("b-2", with.node.now() + 10s, 10s)};
  with.node.send_plan(next);
  with.node.pass(1min);
  CHECK(with.node.records().back().outcome == Outcome::played);
}
