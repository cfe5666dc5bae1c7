#include <fmt/format.h>

#include <cmath>

#include "node-firmware/database.hpp"
#include "protocol/codec.hpp"
#include "tests/faults/device_board.hpp"
#include "tests/faults/world.hpp"
#include "tests/support/false_clock.hpp"
#include "tests/support/service_manager.hpp"

// Weeks without anybody. A day passes as one in which the power was cut: the process is killed, and starts on the same disk with a boot id of its
// own and the system clock that a battery-backed one gave, so that nothing looks like a clock that was set.
namespace loa::tests {

using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

constexpr double kDay = 86'400;
constexpr double kBefore = 9;  // seconds that are left to the due time when a day begins

class Hermit {
 public:
  explicit Hermit(World& world) : world_(world), board_(world), manager_("@loa-weeks-" + std::to_string(::getpid())) {
    board_.start();
  }
  /// What is to be played that many days from now.
  Play plan(double days, bool held = true) { return world_.plan(board_.code, 'A', static_cast<int>(days * kDay), {}, held); }
  void leave_alone() {
    world_.village().controller().kill();
    world_.village().broker().kill();
  }
  /// The power comes back on the day of `play`; answers `play` by this machine's own clock.
  Play wake(Play play) {
    offset_ = std::floor(play.due - kBefore - utc_now());
    ++boots_;
    start();
    manager_.status();  // few messages wait for who does not read them
    play.due -= offset_;
    return play;
  }
  /// kill -9, and a start in the same boot.
  void start() {
    world_.node(board_.code).kill();
    manager_.status();
    auto how = Village::NodeStart{another_boot_with_rtc(world_.village().node_folder(board_.code) / "boot_id", fmt::format("00000000-0000-4000-8000-{:012}", boots_)),
                                  false_clock(fmt::format("+{:.0f}", offset_))};
    how.environment.push_back(board_.device.environment());
    how.environment.push_back(manager_.environment());
    world_.start(board_.code, how);
  }
  void judge(Case& test, const Play& play, const Expect& expect) const { board_.judge(test, play, expect); }
  const std::string& code() const { return board_.code; }
  std::string status() { return manager_.status(); }
  /// The outcome that stands in the node's own log, read when it is off: nobody is there to be told.
  std::vector<scheduler::PlayRecord> records(const Play& play) const {
    node::Database log(world_.state(board_.code) / "node.db");
    node::Statement rows(log, "select body from records order by number");
    std::vector<scheduler::PlayRecord> own;
    while (rows.step())
      if (auto record = protocol::decode_record(rows.text(0)).value(); record.broadcast_id == play.broadcast) own.push_back(std::move(record));
    return own;
  }

 private:
  World& world_;
  DeviceBoard board_;
  ServiceManager manager_;
  double offset_ = 0;
  int boots_ = 0;
};

struct Day {
  double at;
  bool killed_in_play = false;
  Play play = {};
};

void offline_14_days(World& world, Case& test) {
  Hermit node(world);
  std::vector<Day> days{{1.2}, {6.1, true}, {10.6}, {13.9}};
  for (auto& day : days) day.play = node.plan(day.at);
  const auto after_the_plan = node.plan(16.8, false);
  node.leave_alone();
  for (const auto& day : days) {
    const auto play = node.wake(day.play);
    if (day.killed_in_play) {
      wait_until(play.due + 2);
      node.start();
    }
    const Expect whole{.record = false};
    const Expect in_part{.heard = Heard::in_part, .least = kClipSeconds - 1.7, .record = false};
    node.judge(test, play, day.killed_in_play ? in_part : whole);
  }
  const auto silent = node.wake(after_the_plan);
  node.judge(test, silent, {.heard = Heard::nothing, .record = false});
  world.must_say(test, node.code(), "plan_expired: plan");
  test.check(eventually(5s, [&] { return node.status().starts_with("plan_expired: plan"); }), "the service manager is told: " + node.status());
  test.log("status: " + node.status());
  world.must_live(test, node.code());
  world.node(node.code()).kill();
  for (const auto& day : days) {
    const auto records = node.records(day.play);
    test.check(records.size() == 1, fmt::format("day {}: the node has {} records", day.at, records.size()));
    if (records.empty()) continue;
    const auto outcome = std::string(name_of(records[0].outcome)) + (records[0].reason.empty() ? "" : " " + records[0].reason);
    test.log(fmt::format("day {:.1f}: {} {:.1f} s, clock {}", day.at, outcome, static_cast<double>(records[0].heard_ms) / 1000, name_of(records[0].clock)));
    test.check(outcome == (day.killed_in_play ? "partial restarted" : "played"), fmt::format("day {}: the record says {}", day.at, outcome));
    const auto clock = day.killed_in_play ? scheduler::ClockQuality::held : scheduler::ClockQuality::rtc;
    test.check(records[0].clock == clock, fmt::format("day {}: it went by the clock {}", day.at, name_of(records[0].clock)));
  }
  test.check(node.records(after_the_plan).empty(), "there is a record of what no plan held");
}

}  // namespace

std::vector<FaultRow> weeks_rows() {
  return {{"weeks.offline-14-days", "controller and broker are gone; the power is cut again and again, and comes back on days 2, 7, 11, 14 and 17",
           "the whole clip, on time, on each of the first fourteen days (a kill -9 in mid-play costs its second); then nothing",
           "one record each in the node's log; plan_expired, in the status too", false, offline_14_days}};
}

}  // namespace loa::tests
