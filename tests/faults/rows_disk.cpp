#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <thread>

#include "tests/faults/own_disk.hpp"
#include "tests/faults/world.hpp"
#include "tests/support/failing_writes.hpp"

// Disks that are full, read-only or broken, at each write of the node.
namespace loa::tests {

using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

/// What a broken disk must not do: the clip is heard whole, and its record comes once the disk is `mended`.
void heard_though_broken(World& world, Case& test, const std::string& code, const Play& play, const std::function<void()>& mend) {
  world.judge(test, code, play, {.record = false});
  world.must_live(test, code);
  mend();
  world.judge_record(test, code, play, {.record_limit = 90s}, kClipSeconds);
}

/// A board whose calls of the disk can be told to fail.
struct FailingBoard {
  FailingBoard(World& in, Case& to) : world(in), test(to), code(in.board()), faults(in.village().node_folder(code)) { restart(); }
  void restart() {
    world.node(code).kill();
    world.start(code, {{}, faults.environment()});
    const bool ready = eventually(15s, [this] { return world.said(code).rfind("-> ready") != std::string::npos && world.ready(code, 0ms); });
    if (!ready) throw std::runtime_error("no start with a disk that can fail:\n" + world.last_lines(code));
  }
  /// Files that hold `part` in their path cannot be written any more.
  void refuse(const std::string& part, int error = ENOSPC) {
    for (const char* call : {"write", "open"}) faults.fail(call, part, error);
  }
  /// Nothing of its state can be written any more.
  void refuse_all(int error) {
    for (const char* call : {"write", "open", "sync", "rename"}) faults.fail(call, "/state/", error);
  }
  /// The fault must have been met, or the row proves nothing.
  void met() {
    const auto hits = faults.hits();
    test.check(!hits.empty(), "no call failed: the fault was never met");
    if (!hits.empty()) test.log(fmt::format("{} calls failed", std::count(hits.begin(), hits.end(), '\n')));
  }
  void lives() { world.must_live(test, code); }
  void heard_though_broken(const Play& play) {
    loa::tests::heard_though_broken(world, test, code, play, [this] {
      met();
      faults.heal();
    });
  }

  World& world;
  Case& test;
  std::string code;
  FailingWrites faults;
};

/// What a full disk at one file must not do: the plan that is held is played.
void full_at(World& world, Case& test, const std::string& part) {
  FailingBoard board(world, test);
  const auto play = world.plan(board.code);
  board.refuse(part);
  if (part == "marks.json" || part == "plan.jws") world.plan(board.code, 'B', 300, {}, false);  // something to remember
  board.heard_though_broken(play);
}

// A new plan that cannot be written: it sounds, as long as there is power.
void full_at_new_plan(World& world, Case& test) {
  FailingBoard board(world, test);
  board.faults.fail("write", "plan.jws", ENOSPC);
  const auto play = world.plan(board.code, 'A', 8, {}, false);
  world.judge(test, board.code, play, {.record_limit = 60s});
  board.met();
  board.lives();
}

void full_at_database(World& world, Case& test, const char* call, int error, double when) {
  FailingBoard board(world, test);
  const auto play = world.plan(board.code);
  wait_until(play.due + when);
  board.faults.fail(call, "node.db", error);
  board.heard_though_broken(play);
}

void full_at_part(World& world, Case& test) {
  FailingBoard board(world, test);
  board.faults.fail("write", ".part", ENOSPC);
  const auto play = world.plan(board.code, 'A', 14, {}, false);
  must_come(test, 10s, "a write of the clip", [&] { return !board.faults.hits().empty(); });
  board.lives();
  board.faults.heal();
  world.judge(test, board.code, play);
}

void full_at_proofs(World& world, Case& test) {
  FailingBoard board(world, test);
  board.refuse("verified.json");
  const auto play = world.plan(board.code, 'A', 9, {}, false);
  world.judge(test, board.code, play);
  board.met();
  board.lives();
}

void full_at_own_keys(World& world, Case& test) {
  const std::string code = "K-" + std::to_string(static_cast<long>(utc_now()) % 100000);
  world.village().add_node(code, Village::kWard);
  FailingWrites faults(world.village().node_folder(code));
  for (const char* call : {"write", "open"}) faults.fail(call, "own-keys", ENOSPC);
  world.start(code, {{}, faults.environment()});
  must_come(test, 15s, "a write of its own keys", [&] { return !faults.hits().empty(); });
  let_pass(1s);  // long enough to die of it
  world.must_live(test, code);
  faults.heal();
  if (!world.node(code).running()) world.start(code, {{}, faults.environment()});
  world.must_be_ready(test, code, 40s);
  world.must_say(test, code, "its own certificate came", 40s);
  world.village().remove_node(code);
}

void alert_on_broken(World& world, Case& test, int error) {
  FailingBoard board(world, test);
  board.refuse_all(error);
  const auto begun = utc_now();
  world.alert();
  world.must_sound(test, board.code, begun, 15s);
  board.met();
  board.lives();
}

void read_only_in_play(World& world, Case& test) {
  FailingBoard board(world, test);
  const auto play = world.plan(board.code);
  wait_until(play.due + 1.5);
  board.refuse_all(EROFS);
  board.heard_though_broken(play);
}

/// A board on a disk of its own that goes bad: while the board is off, before its clip, or in mid-play.
void disk_goes_bad(World& world, Case& test, void (*bad)(LossyDisk&), void (*good)(LossyDisk&), bool while_off) {
  const auto code = world.board();
  const auto disk = give_own_disk(world, code);
  const OffAtEnd off{world, code};
  const auto play = world.plan(code, 'A', while_off ? 9 : 6);
  if (while_off)
    world.node(code).kill();
  else
    wait_until(play.due + 1.5);
  bad(*disk);
  if (while_off) world.start(code);
  heard_though_broken(world, test, code, play, [&] { good(*disk); });
}

void fill(LossyDisk& disk) { disk.fill(); }
void make_room(LossyDisk& disk) { disk.make_room(); }
void turn_read_only(LossyDisk& disk) { disk.read_only(); }
void turn_writable(LossyDisk& disk) { disk.writable(); }

void clip_unreadable(World& world, Case& test) {
  FailingBoard board(world, test);
  const auto play = world.plan(board.code);
  wait_until(play.due - 9);
  board.faults.fail("read", ".opus", EIO);
  const auto next = world.plan(board.code, 'B', 16, {}, false);
  std::this_thread::sleep_for(1s);
  wait_until(play.due + kClipSeconds);
  board.met();
  const auto report = world.seen(board.code).at("report");
  test.check(report.at("disk") == "failing", "the officer is not told: the report's disk is " + boost::json::serialize(report.at("disk")));
  board.faults.heal();
  board.lives();
  world.judge(test, board.code, play, {.heard = Heard::at_most, .outcomes = {"played", "partial", "failed"}});
  world.judge(test, board.code, next, {});
}

}  // namespace

std::vector<FaultRow> disk_rows() {
  const std::string whole = "the whole clip, on time";
  const auto row = [](const char* name, const char* fault, const std::string& heard, const char* log, std::function<void(World&, Case&)> run, bool ordinary = false) {
    return FaultRow{std::string("disk.") + name, fault, heard, log, ordinary, std::move(run)};
  };
  return {
      row("full-at-plan", "the disk is full wherever a newer plan is written, while the plan held is due", whole, "the node lives; one record", [](World& w, Case& t) { full_at(w, t, "plan.jws"); }),
      row("full-at-new-plan", "the disk is full where the plan is written that is due", whole, "the node lives; one record", full_at_new_plan),
      row("full-at-marks", "the disk is full wherever marks of revisions and times are written", whole, "the node lives; one record", [](World& w, Case& t) { full_at(w, t, "marks.json"); }),
      row("full-at-begin", "the disk is full at the database from 1 s before the start", whole, "the node lives; one record once there is room",
          [](World& w, Case& t) { full_at_database(w, t, "write", ENOSPC, -1); }),
      row("full-at-end", "the disk is full at the database from 1 s before the end", whole, "the node lives; one record once there is room",
          [](World& w, Case& t) { full_at_database(w, t, "write", ENOSPC, kClipSeconds - 1); }),
      row("full-at-clip", "the disk is full where a clip is fetched to, for some seconds", whole, "the node lives; one record", full_at_part),
      row("full-at-proofs", "the disk is full where the cache keeps its proofs", whole, "the node lives; one record", full_at_proofs),
      row("full-at-own-keys", "the disk is full where a new board keeps its own keys", "-", "the node lives; its own certificate came, once there is room", full_at_own_keys),
      row("full-at-alert", "the disk is full at every write when an alert comes", "the alert", "the node lives", [](World& w, Case& t) { alert_on_broken(w, t, ENOSPC); }, true),
      row("full-in-play", "the whole disk fills in mid-play", whole, "the node lives; one record once there is room",
          [](World& w, Case& t) { disk_goes_bad(w, t, fill, make_room, false); }),
      row("full-at-start", "the disk is full when the node starts", whole, "the node lives; one record once there is room",
          [](World& w, Case& t) { disk_goes_bad(w, t, fill, make_room, true); }),
      row("read-only-at-start", "the disk is read-only when the node starts", whole, "the node lives; one record once it can write",
          [](World& w, Case& t) { disk_goes_bad(w, t, turn_read_only, turn_writable, true); }),
      row("read-only-in-play", "the disk turns read-only in mid-play", whole, "the node lives; one record once it can write", read_only_in_play, true),
      row("read-only-alert", "every write says read-only when an alert comes", "the alert", "the node lives", [](World& w, Case& t) { alert_on_broken(w, t, EROFS); }),
      row("error-at-sync", "fsync of the database fails (EIO) from 1 s into the clip", whole, "the node lives; one record once the disk works",
          [](World& w, Case& t) { full_at_database(w, t, "sync", EIO, 1); }),
      row("error-at-write", "writes of the database fail (EIO) from 1 s into the clip", whole, "the node lives; one record once the disk works",
          [](World& w, Case& t) { full_at_database(w, t, "write", EIO, 1); }),
      row("error-at-read", "the clips cannot be read (EIO) for one broadcast", "nothing wrong; the next one whole, on time", "the disk is failing, on the page too; one record each", clip_unreadable),
  };
}

}  // namespace loa::tests
