#include <malloc.h>
#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "planned.hpp"

// A month of a busy node in the time of a test. The clock and the player are pretended, all else is the node; what the test itself keeps is
// thrown away each day, so that what the heap holds at the end of a day is the node's.

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

namespace {

constexpr int kEachDay = 50;
constexpr int kAhead = 16;  // days of a plan
constexpr Millis kEvery = 28min;
constexpr Millis kLength = 3s;

class BusyNode {
 public:
  explicit BusyNode(std::function<void()> each_play = [] {}) : each_play_(std::move(each_play)) {
    node_.longest_step = 4s;
    node_.connect();
    begin_ = node_.now();
    renew();
  }
  /// Fifty broadcasts, 50 heads, 17 lost sessions, a renewed plan, an alert, an order, and what no node should take.
  void live_a_day() {
    for (int n = 0; n < kEachDay; ++n) {
      const auto end = begin_ + day_ * 24h + (n + 1) * kEvery;
      if (n % 3 == 0) {
        node_.link().drop();
        node_.pass(20s);
        node_.connect();
      }
      node_.send_head(revision_);
      if (n == 10) alert();
      if (n == 20) order();
      if (n == 30) node_.deliver(protocol::plan_topic(TestController::kNode), "no plan at all " + std::to_string(day_));
      if (n == 40) renew();
      node_.pass(end - node_.now());
      acknowledge();
      each_play_();
    }
    ++day_;
    node_.pass(begin_ + day_ * 24h - node_.now());
    acknowledge();
    played_ += static_cast<int>(node_.player().sounded.size());
    forget();
  }
  int played() const { return played_; }
  std::size_t kept() { return node_.records().size(); }

 private:
  void renew() {
    ++revision_;
    auto plan = node_.plan(revision_);
    for (int day = day_; day < day_ + kAhead; ++day)
      for (int n = 0; n < kEachDay; ++n) {
        const auto due = begin_ + day * 24h + n * kEvery + 20min;
        if (due > node_.now() - 1h) plan.occurrences.push_back(node_.occurrence("b-" + std::to_string(n), due, kLength));
      }
    node_.send_plan(plan);
  }
  void alert() {
    auto one = node_.alert("l-" + std::to_string(day_), 5s);
    node_.alert_revisions["hue"] = 50 + day_;
    node_.deliver(protocol::alert_topic("hue"), node_.controller.alert(node_.snapshot(50 + day_, {one})));
  }
  void order() {
    protocol::Order order;
    order.id = "o-" + std::to_string(day_);
    order.node = TestController::kNode;
    order.issued = node_.now();
    order.expires = node_.now() + 5min;
    order.kind = protocol::OrderKind::report;
    order.areas = node_.controller.areas;
    node_.deliver(protocol::order_topic(TestController::kNode), node_.controller.order(order));
  }
  void acknowledge() {
    if (!node_.run->log.waits_for_ack()) return;
    node_.time.pass(2ms);
    node_.deliver(protocol::log_ack_topic(TestController::kNode),
                  node_.controller.ack({TestController::kNode, node_.now(), node_.run->log.id(), node_.run->log.last_number(), node_.controller.areas}));
  }
  /// The pretended parts remember everything for other tests.
  void forget() {
    auto& link = node_.link();
    const auto state = std::find_if(link.sent.rbegin(), link.sent.rend(), [](const auto& one) { return one.topic == protocol::state_topic(TestController::kNode); });
    link.sent = {*state};  // the next head answers it
    link.sent.shrink_to_fit();
    link.asked = {};
    node_.player().sounded = {};
    node_.player().order = {};
    std::erase_if(node_.lengths, [](const auto& entry) { return entry.first.front() == '7'; });  // the alerts'
    std::erase_if(node_.shelf.held, [](const auto& entry) { return entry.first.front() == '7'; });
  }

  std::function<void()> each_play_;
  TestNode node_;
  TimePoint begin_;
  std::int64_t revision_ = 100;
  int day_ = 0;
  int played_ = 0;
};

std::int64_t heap() {
  const auto now = ::mallinfo2();
  return static_cast<std::int64_t>(now.uordblks + now.hblkhd);
}

/// By how much more the heap held in the last third of these days than in the second third, the most of each. `told` says it day by day.
std::int64_t growth(BusyNode& node, int days, std::string& told) {
  std::int64_t second = 0, last = 0;
  for (int day = 0; day < days; ++day) {
    node.live_a_day();
    const auto now = heap();
    told += "day " + std::to_string(day + 1) + ": " + std::to_string(now) + " bytes, " + std::to_string(sqlite3_memory_used()) + " of them SQLite's\n";
    if (day >= days / 3 && day < days * 2 / 3) second = std::max(second, now);
    if (day >= days * 2 / 3) last = std::max(last, now);
  }
  return last - second;
}

/// In ten days of 50 plays this is 33 bytes a play. The first four fill what is kept: SQLite's pages and the outcomes of four days.
constexpr std::int64_t kMostGrowth = 16 * 1024;

}  // namespace

TEST_CASE("nine busy days leave the heap as large as it was after six", "[long]") {
  BusyNode node;
  std::string told;
  const auto more = growth(node, 9, told);
  INFO(told);
  CHECK(more < kMostGrowth);
  CHECK(node.played() >= 9 * kEachDay);
}

TEST_CASE("a month of fifty plays, fifty heads and seventeen lost sessions a day leaves the heap as large as it was", "[long]") {
  BusyNode node;
  std::string told;
  const auto more = growth(node, 30, told);
  INFO(told);
  CHECK(more < kMostGrowth);
  CHECK(node.played() >= 30 * kEachDay);
  CHECK(node.kept() >= 29 * kEachDay);
}

TEST_CASE("a hundred bytes that each play leaves behind would be seen", "[long]") {
  std::vector<std::string> leak;
  BusyNode node([&leak] { leak.emplace_back(100, 'x'); });
  std::string told;
  CHECK(growth(node, 15, told) > kMostGrowth);
}
