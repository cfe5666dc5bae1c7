#include <catch2/catch.hpp>

#include <algorithm>

#include "fake_node_parts.hpp"

using namespace loa;
using namespace loa::tests;
using namespace std::chrono_literals;
using node::NodeClock;
using scheduler::ClockQuality;

namespace {

const auto kBuilt = scheduler::from_ms(1'780'000'000'000);

/// The real board, whose kernel may not hold its clock for synchronised.
struct Believed final : node::TimeSource {
  explicit Believed(const node::BoardTime& of) : of_(of) {}
  node::Monotonic monotonic() const override { return of_.monotonic(); }
  node::WallReading wall() const override { return of_.wall(); }
  node::KernelClock kernel() const override { return {true, {}, {}}; }
  std::optional<std::chrono::seconds> rtc() const override { return {}; }
  std::string boot_id() const override { return "boot"; }
  const node::BoardTime& of_;
};

}  // namespace

TEST_CASE("how well a node knows the time when it starts") {
  struct Row {
    const char* name;
    bool synced;
    bool rtc;
    std::chrono::hours behind;  // the system clock, before the newest signed time
    ClockQuality quality;
    std::chrono::seconds rtc_behind{0};  // the system clock
  };
  const std::vector<Row> rows{{"synchronised", true, false, -1h, ClockQuality::synced},
                              {"a battery-backed clock", false, true, -1h, ClockQuality::rtc},
                              {"nothing behind the system clock", false, false, -1h, ClockQuality::untrusted},
                              {"synchronised, but before the newest signed time", true, true, 1h, ClockQuality::untrusted},
                              {"a clock without its battery, the system set to the time last stored", false, true, -1h, ClockQuality::untrusted, 24h * 365 * 50},
                              {"a battery-backed clock behind the system by as much as it rounds", false, true, -1h, ClockQuality::rtc, 1s},
                              {"a battery-backed clock ahead of the system", false, true, -1h, ClockQuality::untrusted, -1h},
                              {"a battery-backed clock that has run down", false, true, 24h * 365, ClockQuality::untrusted}};
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      FakeTime time;
      time.synced = row.synced;
      time.has_rtc = row.rtc;
      time.rtc_behind = row.rtc_behind;
      const auto newest = time.system() + row.behind;
      const NodeClock clock(time, newest);
      CHECK(clock.quality() == row.quality);
      CHECK(clock.trusted() == (row.quality != ClockQuality::untrusted));
      if (!clock.trusted()) CHECK(clock.now() >= newest);
    }
  }
}

TEST_CASE("a head against the system clock") {
  struct Row {
    const char* name;
    bool synced;
    scheduler::Millis difference;
    scheduler::Millis round_trip;
    ClockQuality quality;
    scheduler::Millis offset;
  };
  const std::vector<Row> rows{
      {"agrees: the system clock stays", true, 1500ms, 100ms, ClockQuality::synced, 0ms},
      {"within the bound plus a long round trip", true, 3000ms, 3000ms, ClockQuality::synced, 0ms},
      {"ahead by more: the head wins", true, 10'000ms, 100ms, ClockQuality::head, 10'050ms},
      {"behind by more: the head wins", true, -60'000ms, 0ms, ClockQuality::head, -60'000ms},
      {"agrees with a clock that nobody vouched for", false, 500ms, 0ms, ClockQuality::head, 0ms},
      {"proves the time to a node that had none", false, 3'600'000ms, 0ms, ClockQuality::head, 3'600'000ms},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      FakeTime time;
      time.synced = row.synced;
      NodeClock clock(time, kBuilt);
      clock.take_head(time.system() + row.difference, row.round_trip);
      CHECK(clock.quality() == row.quality);
      CHECK(clock.offset_from_system() == row.offset);
      clock.refresh();
      CHECK(clock.offset_from_system() == row.offset);
    }
  }
}

TEST_CASE("a step of the wall clock does not move a node that a head has set") {
  FakeTime time;
  time.synced = false;
  NodeClock clock(time, kBuilt);
  clock.take_head(time.system() + 1h, 0ms);
  const auto before = clock.now();
  time.wall_at_boot -= 24h * 365;
  clock.refresh();
  CHECK(clock.now() == before);
  time.pass(1h + 1s);
  CHECK(clock.quality() == ClockQuality::held);
}

TEST_CASE("a synchronised clock that is set to 1970 is not followed") {
  FakeTime time;
  NodeClock clock(time, time.system() - 1h);
  const auto before = clock.now();
  time.wall_at_boot = scheduler::TimePoint{};
  CHECK_FALSE(clock.refresh());
  CHECK(clock.now() == before);
  CHECK(clock.quality() == ClockQuality::held);
}

TEST_CASE("something signed an hour ahead of a node's clock") {
  FakeTime time;
  SECTION("a synchronised node goes on by its own time, and asks who is right") {
    NodeClock clock(time, kBuilt);
    const auto before = clock.now();
    clock.raise_floor(before + 1h);
    CHECK(clock.trusted());
    CHECK(clock.quality() == ClockQuality::held);  // a change, which the node tells with a new nonce
    CHECK(clock.now() == before);
    SECTION("a head that answers says the same: it wins") {
      CHECK(clock.take_head(before + 1h, 100ms));
      CHECK(clock.quality() == ClockQuality::head);
      CHECK(clock.now() == before + 1h + 50ms);
    }
    SECTION("what was signed so counts no more: all is as before") {
      clock.forget(before, false);
      CHECK(clock.quality() == ClockQuality::synced);
    }
  }
  SECTION("a node with nothing but a battery-backed clock is behind, and plays no schedule on it") {
    time.synced = false;
    time.has_rtc = true;
    NodeClock clock(time, time.system() - 1h);
    REQUIRE(clock.quality() == ClockQuality::rtc);
    clock.raise_floor(time.system() + 1h);
    CHECK_FALSE(clock.trusted());
    CHECK(clock.now() == time.system() + 1h);
  }
}

TEST_CASE("an offset is held over a restart of the program, not over one of the board") {
  FakeTime time;
  time.synced = false;
  NodeClock first(time, kBuilt);
  first.take_head(time.system() + 1h, 0ms);
  const auto held = first.held();
  time.pass(10s);
  NodeClock second(time, kBuilt, held);
  CHECK(second.quality() == ClockQuality::held);
  CHECK(second.now() == first.now());
  time.boot = "boot-2";
  NodeClock third(time, kBuilt, held);
  CHECK(third.quality() == ClockQuality::untrusted);
}

TEST_CASE("a clock that becomes synchronised is believed, and coasts when that ends") {
  FakeTime time;
  time.synced = false;
  NodeClock clock(time, kBuilt);
  CHECK_FALSE(clock.held());
  time.synced = true;
  clock.refresh();
  CHECK(clock.quality() == ClockQuality::synced);
  time.synced = false;
  clock.refresh();
  CHECK(clock.quality() == ClockQuality::held);
}

TEST_CASE("due times become moments on the monotonic clock") {
  FakeTime time;
  const NodeClock clock(time, kBuilt);
  CHECK(clock.monotonic_at(time.system() + 5s) == time.now + 5s);
}

TEST_CASE("nodes of one board agree to microseconds, at whatever part of a millisecond they look at its clock") {
  const node::BoardTime board;
  const auto due = board.system() + 5s;
  std::vector<node::Monotonic> moments;
  const auto floor = board.system() - 1h;
  for (int i = 0; i < 40; ++i) {
    const Believed source(board);
    const NodeClock clock(source, floor);
    moments.push_back(clock.monotonic_at(due));
    const auto until = board.monotonic() + 370us;
    while (board.monotonic() < until) {
    }
  }
  const auto [least, most] = std::minmax_element(moments.begin(), moments.end());
  CHECK(*most - *least < 20us);
}

TEST_CASE("how far a node says its clock is off at most") {
  struct Row {
    const char* name;
    void (*live)(FakeTime&, NodeClock&);
    scheduler::Millis bound;
    ClockQuality quality;
  };
  const std::vector<Row> rows{
      {"synchronised: what the kernel says", [](FakeTime& time, NodeClock& clock) {
         time.synced = true;
         time.max_error = 37'200us;
         clock.refresh();
       }, 38ms, ClockQuality::synced},
      {"synchronised to the microsecond, as a test's kernel may say", [](FakeTime& time, NodeClock& clock) {
         time.synced = true;
         time.max_error = 0us;
         clock.refresh();
       }, 1ms, ClockQuality::synced},
      {"synchronised by a program that reckons with no error", [](FakeTime& time, NodeClock& clock) {
         time.synced = true;
         time.max_error = 20'000us;
         time.est_error = 0us;
         clock.refresh();
       }, 120ms, ClockQuality::synced},
      {"a head's time: half its round trip and its millisecond", [](FakeTime& time, NodeClock& clock) { clock.take_head(time.system() + 1h, 500ms); },
       251ms, ClockQuality::head},
      {"a head's time, a while ago", [](FakeTime& time, NodeClock& clock) {
         clock.take_head(time.system() + 1h, 500ms);
         time.pass(3000s);
       }, 551ms, ClockQuality::head},
      {"a system clock that a head confirms roughly", [](FakeTime& time, NodeClock& clock) { clock.take_head(time.system() + 800ms, 100ms); },
       901ms, ClockQuality::head},
      {"a better head later narrows what is known", [](FakeTime& time, NodeClock& clock) {
         clock.take_head(time.system() + 1h, 4000ms);
         time.pass(10s);
         clock.take_head(time.system() + 1h + 2s, 100ms);  // 50 ms from what it believes
       }, 101ms, ClockQuality::head},
      {"synchronisation lost: what it was, and the drift since", [](FakeTime& time, NodeClock& clock) {
         time.synced = true;
         time.max_error = 20'000us;
         clock.refresh();
         time.synced = false;
         clock.refresh();
         time.pass(1000s);
         clock.refresh();
       }, 120ms, ClockQuality::held},
      {"free for all of a plan's sixteen days: still trusted", [](FakeTime& time, NodeClock& clock) {
         clock.take_head(time.system() + 1h, 1000ms);
         time.pass(16 * 24h);
         clock.refresh();
       }, 138'741ms, ClockQuality::held},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      FakeTime time;
      time.synced = false;
      NodeClock clock(time, kBuilt);
      CHECK_FALSE(clock.bound());
      row.live(time, clock);
      CHECK(clock.bound() == row.bound);
      CHECK(clock.quality() == row.quality);
    }
  }
}

TEST_CASE("a clock that may be off by minutes is a guess, and plays no schedule") {
  FakeTime time;
  time.synced = false;
  SECTION("free for 35 days") {
    NodeClock clock(time, kBuilt);
    clock.take_head(time.system() + 1h, 0ms);
    time.pass(35 * 24h);
    CHECK(clock.refresh());
    CHECK(clock.quality() == ClockQuality::untrusted);
    CHECK_FALSE(clock.bound());
    clock.take_head(time.system() + 1h, 0ms);
    CHECK(clock.quality() == ClockQuality::head);
  }
  SECTION("a battery-backed clock, by when it was last known to be right") {
    time.has_rtc = true;
    CHECK(NodeClock(time, time.system() - 10 * 24h).bound() == 88'400ms);
    CHECK_FALSE(NodeClock(time, time.system() - 40 * 24h).trusted());
    CHECK_FALSE(NodeClock(time, time.system() - 14 * 365 * 24h).trusted());
  }
  SECTION("held over a restart of the program") {
    NodeClock first(time, kBuilt);
    first.take_head(time.system() + 1h, 200ms);
    const auto held = first.held();
    time.pass(1000s);
    CHECK(NodeClock(time, kBuilt, held).bound() == 201ms);
    time.pass(35 * 24h);
    CHECK_FALSE(NodeClock(time, kBuilt, held).trusted());
  }
}

TEST_CASE("a look at the clock says whether the node's time moved by it") {
  FakeTime time;
  NodeClock clock(time, kBuilt);
  CHECK_FALSE(clock.refresh());
  time.wall_at_boot += 400ms;
  CHECK(clock.refresh());
  CHECK_FALSE(clock.refresh());
  time.synced = false;
  CHECK_FALSE(clock.refresh());
  time.wall_at_boot += 1h;  // nobody vouches for it
  CHECK_FALSE(clock.refresh());
  CHECK(clock.quality() == ClockQuality::held);
}

TEST_CASE("the held time is written when it is another, or known so much better") {
  const node::HeldOffset kept{"boot-1", 5'000'000'000, {10ms, 0s}};
  struct Row {
    const char* name;
    node::HeldOffset now;
    bool worth;
  };
  const std::vector<Row> rows{{"the same", {"boot-1", 5'000'000'000, {10ms, 1h}}, false},
                              {"corrected a little", {"boot-1", 5'050'000'000, {10ms, 1h}}, false},
                              {"corrected", {"boot-1", 5'200'000'000, {10ms, 1h}}, true},
                              {"another boot", {"boot-2", 5'000'000'000, {10ms, 1h}}, true},
                              {"the same a day and some later", {"boot-1", 5'000'000'000, {10ms, 28h}}, true}};
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) { CHECK(node::worth_keeping(row.now, kept) == row.worth); }
  }
  CHECK(node::worth_keeping(kept, std::nullopt));
}
