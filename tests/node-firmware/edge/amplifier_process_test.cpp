#include <signal.h>

#include "tests/node-firmware/wire.hpp"
#include "tests/support/fake_gpiod.hpp"

// The real program with a libgpiod that writes down what it was told: the relay beside the sound.

using namespace loa;
using namespace loa::tests;

namespace {

constexpr const char* kToml =
    "[sink]\nkind = \"null\"\n[amplifier]\nchip = \"gpiochip0\"\nline = \"17\"\non_before = \"700ms\"\noff_after = \"1500ms\"\nfault_line = \"AMP_FAULT\"\n";

/// What CLOCK_MONOTONIC showed at `time`.
std::chrono::nanoseconds monotonic_of(TimePoint time) {
  return std::chrono::steady_clock::now().time_since_epoch() - (protocol::SystemClock().now() - time);
}

struct Board {
  FakeGpiod gpio;
  Wire wire{kToml, gpio.environment()};
  Board() {
    wire.start_broker();
    wire.start_node(true);
    REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  }
  bool sounds() { return wire.until([&] { return wire.state->lifecycle == protocol::Lifecycle::playing; }); }
};

}  // namespace

TEST_CASE("the relay is on before the first sample and off after the last") {
  Board board;
  REQUIRE(board.gpio.changes().size() == 1);
  CHECK_FALSE(board.gpio.high());
  board.wire.plan(3s);
  REQUIRE(board.wire.until([&] { return board.wire.records.size() == 1; }));
  REQUIRE(board.wire.until([&] { return board.gpio.changes().size() == 3; }, 5s));
  const auto record = board.wire.records.at(1);
  REQUIRE(record.outcome == scheduler::Outcome::played);
  const auto changes = board.gpio.changes();
  const auto before = monotonic_of(*record.started) - changes[1].at;
  CHECK(changes[1].high);
  CHECK(before > 690ms);
  CHECK(before < 800ms);
  const auto after = changes[2].at - monotonic_of(*record.started + Millis(record.heard_ms));
  CHECK_FALSE(changes[2].high);
  CHECK(after > 1450ms);
  CHECK(after < 1900ms);
}

TEST_CASE("an alert sounds at once, and the relay is on before its first sample") {
  Board board;
  board.wire.alert("L-1");
  const auto asked = std::chrono::steady_clock::now().time_since_epoch();
  REQUIRE(board.wire.until([&] { return board.wire.records.size() == 1; }));
  const auto record = board.wire.records.at(1);
  REQUIRE(record.started);
  const auto changes = board.gpio.changes();
  REQUIRE(changes.size() >= 2);
  CHECK(changes[1].high);
  CHECK(changes[1].at <= monotonic_of(*record.started) + 1ms);
  CHECK(monotonic_of(*record.started) - asked < 500ms);  // it did not wait for on_before
}

TEST_CASE("the relay goes off at any end of the program") {
  struct Row {
    const char* name;
    int signal;
    bool by_itself;
  };
  const auto row = GENERATE(values<Row>({{"asked to end", SIGTERM, true}, {"killed", SIGKILL, false}, {"it crashes", SIGSEGV, false}}));
  DYNAMIC_SECTION(row.name) {
    Board board;
    board.wire.plan(2s);
    REQUIRE(board.sounds());
    REQUIRE(board.gpio.high());
    board.wire.node().signal(row.signal);
    REQUIRE(board.wire.node().wait(10s));
    CHECK(board.gpio.high() != row.by_itself);
    // What the unit runs after every end.
    tests::Process off({(program_folder() / "loa-node").string(), "--config", (board.wire.folder() / "node.toml").string(), "--amplifier-off"},
                       {board.wire.folder(), "off", board.gpio.environment(), {}});
    CHECK(off.wait(10s) == 0);
    CHECK_FALSE(board.gpio.high());
  }
}

TEST_CASE("a board whose relay another program holds plays all the same, and says what is wrong") {
  FakeGpiod gpio;
  gpio.set_busy("17", true);
  Wire wire(kToml, gpio.environment());
  wire.start_broker();
  wire.start_node(true);
  REQUIRE(wire.node().wait_for_line("another program holds it", 10s));
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  gpio.set_busy("17", false);
  wire.plan(2s);
  REQUIRE(wire.until([&] { return wire.records.size() == 1; }));
  CHECK(wire.records.at(1).outcome == scheduler::Outcome::played);
  CHECK(gpio.changes().size() >= 1);  // and was tried again meanwhile
}

TEST_CASE("an amplifier that is in fault all the time was not heard, whatever was sent to it") {
  struct Row {
    const char* name;
    bool fault, fault_after;  // before the sound, and from its middle on
    scheduler::Outcome outcome;
    protocol::Amplifier amplifier;
  };
  const auto row = GENERATE(values<Row>({{"all the time", true, true, scheduler::Outcome::failed, protocol::Amplifier::fault},
                                         {"until its middle", true, false, scheduler::Outcome::played, protocol::Amplifier::on},
                                         {"from its middle on", false, true, scheduler::Outcome::played, protocol::Amplifier::fault}}));
  DYNAMIC_SECTION(row.name) {
    Board board;
    board.gpio.set_high("AMP_FAULT", row.fault);
    board.wire.plan(4s);
    REQUIRE(board.sounds());
    board.wire.until([] { return false; }, 2s);
    board.gpio.set_high("AMP_FAULT", row.fault_after);
    REQUIRE(board.wire.until([&] { return board.wire.records.size() == 1; }));
    const auto record = board.wire.records.at(1);
    CHECK(record.outcome == row.outcome);
    CHECK(record.reason == (row.outcome == scheduler::Outcome::failed ? "silent" : ""));
    CHECK(record.level_kind == scheduler::LevelKind::measured);
    CHECK(board.wire.until([&] { return board.wire.state->amplifier == row.amplifier; }));
  }
}
