#include <fmt/format.h>

#include <cmath>
#include <fstream>

#include "tests/faults/device_board.hpp"
#include "tests/faults/world.hpp"
#include "tests/support/false_clock.hpp"

// Clocks that step, forget and lie: libfaketime on the real process, never the machine's clock.
namespace loa::tests {

using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

/// A board whose clock of the day can be stepped while it runs. Where it is `synced` the kernel says that somebody keeps the clock.
class ClockBoard {
 public:
  ClockBoard(World& world, bool synced, const std::string& begin = "+0")
      : world_(world), code(world.board()), file_(world.village().node_folder(code) / "faketime") {
    world_.node(code).kill();
    step(begin);
    how_.environment = false_clock("+0");
    std::erase_if(how_.environment, [](const std::string& one) { return one.starts_with("FAKETIME="); });
    how_.environment.push_back("FAKETIME_TIMESTAMP_FILE=" + file_.string());
    how_.environment.push_back("FAKETIME_NO_CACHE=1");
    if (synced)
      for (auto& one : how_.environment)
        if (one.starts_with("LD_PRELOAD=")) one += ":" LOA_SYNCED_CLOCK;
    start();
  }
  void start() {
    world_.start(code, how_);
    if (!eventually(20s, [this] { return world_.ready(code, 0ms); })) throw std::runtime_error("no start with a false clock:\n" + world_.last_lines(code));
  }
  /// `+3600`: that much ahead of the true time; `@1970-01-01 00:00:05`: that time, and on from there.
  void step(const std::string& to) const {
    std::ofstream(file_.string() + ".new") << to << "\n";
    std::filesystem::rename(file_.string() + ".new", file_);
  }

 private:
  World& world_;

 public:
  const std::string code;

 private:
  std::filesystem::path file_;
  Village::NodeStart how_;
};

std::string offset(double seconds) { return fmt::format("{:+.0f}", seconds); }

constexpr double kTo1970 = -1'795'000'000;

// The controller's heads say what is right: the clip is heard at the true time, whatever the board's own clock does.
void idle_with_heads(World& world, Case& test, double seconds) {
  ClockBoard board(world, false);
  const auto play = world.plan(board.code, 'A', 9);
  board.step(offset(seconds));
  world.judge(test, board.code, play);
}

void in_play_with_heads(World& world, Case& test, double seconds) {
  ClockBoard board(world, false);
  const auto play = world.plan(board.code);
  wait_until(play.due + 2);
  board.step(offset(seconds));
  world.judge(test, board.code, play);
  board.step("+0");
}

/// The controller is gone and the kernel vouches for the clock, so a step is a correction that must be followed.
struct Alone {
  Alone(World& in, ClockBoard& board) : world(in) {
    world.broker_way().obey({.drop_new = true});
    world.broker_way().cut();
    eventually(10s, [&] { return world.said(board.code).find("no connection") != std::string::npos; });
  }
  ~Alone() { world.broker_way().behave(); }
  World& world;
};

void in_play_alone(World& world, Case& test, double seconds) {
  ClockBoard board(world, true);
  const auto play = world.plan(board.code, 'A', 8);
  // What is due by the corrected clock: 14 s after the first began, by the true one.
  auto next = world.plan(board.code, 'B', static_cast<int>(seconds > 0 ? seconds : 0) + 22);
  const bool forward = seconds > 0;
  {
    Alone alone(world, board);
    wait_until(play.due + 2);
    board.step(offset(seconds));
    world.judge(test, board.code, play, {.record = false});
    if (forward) {
      next.due -= seconds;
      world.judge(test, board.code, next, {.record = false});
    } else {
      // Its time comes a second time; it has been heard.
      wait_until(play.due - seconds + kClipSeconds + 1);
      const auto again = world.hear(board.code, play.due + kClipSeconds + 0.5);
      const auto of_first = total(again, 'A');
      test.check(of_first < 0.1, fmt::format("{:.2f} s of it are heard again after the step", of_first));
    }
  }
  board.step("+0");
  world.judge_record(test, board.code, play, {.record_limit = 90s}, kClipSeconds);
}
// A step over the due time by less than the clip: what is left of it is joined. The recording, without a sound before, tells the corrected time.
void over_due(World& world, Case& test) {
  ClockBoard board(world, true);
  const auto play = world.plan(board.code, 'A', 14);
  {
    Alone alone(world, board);
    // To 2 s after the due time, and not rounded: the kernel tells nothing of libfaketime's steps, so the board sees it up to a second later.
    const double step = std::round((play.due + 2 - utc_now()) * 100) / 100;
    board.step(fmt::format("{:+.2f}", step));
    world.judge(test, board.code, play, {.heard = Heard::in_part, .least = 2, .record = false});
  }
  board.step("+0");
  world.judge_record(test, board.code, play, {.outcomes = {"partial"}, .reasons = {"late", "clock_stepped"}, .record_limit = 90s},
                     total(world.hear(board.code, play.due - 3), 'A'));
}

void far_over_due(World& world, Case& test) {
  ClockBoard board(world, true);
  auto play = world.plan(board.code, 'A', 14);
  {
    Alone alone(world, board);
    board.step("+3600");
    world.judge(test, board.code, play, {.heard = Heard::nothing, .record = false});
  }
  board.step("+0");
  world.judge_record(test, board.code, play, {.outcomes = {"skipped"}, .reasons = {"clock_stepped"}, .record_limit = 90s}, 0);
}

// Its recording too tells the corrected time.
void small_step_before(World& world, Case& test, double seconds) {
  ClockBoard board(world, true);
  const auto play = world.plan(board.code, 'A', 12);
  {
    Alone alone(world, board);
    wait_until(play.due - 4);
    board.step(fmt::format("{:+.1f}", seconds));
    wait_until(play.due - seconds + kClipSeconds + 0.8);  // by the true clock it begins so much later, or sooner
    world.judge(test, board.code, play, {.record = false});
  }
  board.step("+0");
  world.judge_record(test, board.code, play, {.record_limit = 90s}, kClipSeconds);
}

constexpr const char* kNextBoot = "00000000-0000-4000-8000-000000000001";

void wakes(World& world, Case& test, const std::string& clock, bool rtc, bool controller) {
  DeviceBoard board(world);
  auto how = Village::NodeStart{{}, false_clock(clock)};
  how.environment.push_back(board.device.environment());
  const auto file = world.village().node_folder(board.code) / "boot_id";
  how.before = rtc ? another_boot_with_rtc(file, kNextBoot) : another_boot(file, kNextBoot);
  board.start();
  const auto play = world.plan(board.code, 'A', 18);
  world.node(board.code).kill();
  if (!controller) world.village().controller().kill();
  world.start(board.code, how);
  wait_until(play.due + kClipSeconds + 0.8);
  const Expect expect{.heard = controller ? Heard::whole : Heard::nothing, .outcomes = {controller ? "played" : "skipped"},
                      .reasons = {controller ? "" : "no_clock"}, .record_limit = 60s};
  const auto sounds = board.hear();
  world.judge_sound(test, sounds, play, expect);
  if (!controller) world.controller_back();
  world.judge_record(test, board.code, play, expect, total(sounds, 'A'));
}

void wakes_in_play(World& world, Case& test) {
  DeviceBoard board(world);
  board.start();
  const auto play = world.plan(board.code, 'A', 12);
  auto how = Village::NodeStart{another_boot(world.village().node_folder(board.code) / "boot_id", kNextBoot), false_clock("@1970-01-01 00:00:05")};
  how.environment.push_back(board.device.environment());
  wait_until(play.due + 1);
  world.node(board.code).kill();
  world.start(board.code, how);
  wait_until(play.due + 2 * kClipSeconds + 1);  // long enough to hear it a second time
  const Expect expect{.heard = Heard::in_part, .least = 2, .outcomes = {"partial"}, .reasons = {"restarted"}, .record_limit = 60s, .record_lacks = 1};
  const auto sounds = board.hear();
  world.judge_sound(test, sounds, play, expect);
  world.judge_record(test, board.code, play, expect, total(sounds, 'A'));
}

void wakes_stamped(World& world, Case& test) {
  constexpr double kBehind = 30;
  DeviceBoard board(world);
  board.start();
  const auto play = world.plan(board.code, 'A', 18);
  auto how = Village::NodeStart{another_boot_with_rtc(world.village().node_folder(board.code) / "boot_id", kNextBoot, "echo 5"), false_clock(fmt::format("-{}", kBehind))};
  how.environment.push_back(board.device.environment());
  world.node(board.code).kill();
  world.village().controller().kill();
  world.start(board.code, how);
  wait_until(play.due + kBehind + 2);  // by the stored time it would begin now
  const Expect expect{.heard = Heard::nothing, .outcomes = {"skipped"}, .reasons = {"no_clock"}, .record_limit = 60s};
  const auto sounds = board.hear();
  world.judge_sound(test, sounds, play, expect);
  world.controller_back();
  world.judge_record(test, board.code, play, expect, total(sounds, 'A'));
}

void controller_behind(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 9);
  world.village().controller().kill();
  world.village().start_controller(false_clock("-600"));
  world.judge(test, code, play, {.record = false});
  world.village().controller().kill();
  world.controller_back();
  world.judge_record(test, code, play, {.record_limit = 60s}, kClipSeconds);
}

}  // namespace

std::vector<FaultRow> clock_rows() {
  const std::string whole = "the whole clip, at the true time";
  const auto row = [](const std::string& name, const std::string& fault, const std::string& heard, const char* log, std::function<void(World&, Case&)> run, bool ordinary = false) {
    return FaultRow{"clock." + name, fault, heard, log, ordinary, std::move(run)};
  };
  std::vector<FaultRow> rows;
  struct Step {
    const char* name;
    const char* words;
    double seconds;
  };
  for (const auto& [name, words, seconds] : {Step{"forward", "steps an hour forward", 3600}, Step{"back", "steps an hour back", -3600}, Step{"1970", "falls to 1970", kTo1970}}) {
    rows.push_back(row(fmt::format("{}-idle", name), fmt::format("the system clock {} while nothing sounds; heads say the time", words), whole, "one record",
                       [seconds = seconds](World& w, Case& t) { idle_with_heads(w, t, seconds); }));
    rows.push_back(row(fmt::format("{}-in-play", name), fmt::format("the system clock {} in mid-play; heads say the time", words), whole, "one record",
                       [seconds = seconds](World& w, Case& t) { in_play_with_heads(w, t, seconds); }, seconds < -3600));
  }
  rows.push_back(row("synced-forward-in-play", "a synced clock is corrected by an hour forward in mid-play, with no controller",
                     "the clip to its end; the next one starts by the corrected clock", "one record", [](World& w, Case& t) { in_play_alone(w, t, 3600); }));
  rows.push_back(row("synced-back-in-play", "a synced clock is corrected by 20 s back in mid-play, with no controller", "the clip to its end, and not again when its time comes again",
                     "one record", [](World& w, Case& t) { in_play_alone(w, t, -20); }));
  rows.push_back(row("synced-over-due", "a synced clock is corrected forward, to 2 s after a due time", "the rest of the clip, where it is by the corrected clock", "one record: partial, late", over_due));
  rows.push_back(row("synced-far-over-due", "a synced clock is corrected by an hour forward, over a due time", "nothing", "one record: skipped, clock_stepped", far_over_due));
  for (const double seconds : {1.5, -1.5})
    rows.push_back(row(seconds > 0 ? "synced-ahead-before-start" : "synced-behind-before-start", fmt::format("a synced clock is corrected by {:+.1f} s while the next clip is being prepared", seconds),
                       "the whole clip, by the corrected clock", "one record", [seconds](World& w, Case& t) { small_step_before(w, t, seconds); }));
  rows.push_back(row("wakes-1970", "the board boots in 1970", "the whole clip, at the time that the head gives", "one record",
                     [](World& w, Case& t) { wakes(w, t, "@1970-01-01 00:00:05", false, true); }));
  rows.push_back(row("wakes-2040", "the board boots with a battery-backed clock of 2040", "the whole clip, at the time that the head gives", "one record",
                     [](World& w, Case& t) { wakes(w, t, "@2040-06-01 12:00:00", true, true); }));
  rows.push_back(row("wakes-1970-alone", "the board boots in 1970 and the controller is gone", "nothing: no schedule on a guessed time", "one record: skipped, no_clock",
                     [](World& w, Case& t) { wakes(w, t, "@1970-01-01 00:00:05", false, false); }));
  rows.push_back(row("wakes-in-play", "the power goes 1 s into the clip, and the board boots in 1970",
                     "nothing until a head gives the time, then the rest at its place by the true clock, nothing twice", "one record: partial, restarted", wakes_in_play));
  rows.push_back(row("wakes-stamped", "the battery of the board's clock is dead: it says 1970, the system's clock what was stored last, 30 s ago; the controller is gone",
                     "nothing: no schedule on a guessed time", "one record: skipped, no_clock", wakes_stamped));
  rows.push_back(row("controller-behind", "the controller comes back ten minutes behind", "the whole clip, on time", "one record, when its clock is right", controller_behind));
  return rows;
}

}  // namespace loa::tests
