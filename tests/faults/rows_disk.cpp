#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <cerrno>
#include <memory>
#include <thread>

#include "tests/faults/world.hpp"
#include "tests/support/failing_writes.hpp"
#include "tests/support/lossy_disk.hpp"

// Disks that are full, read-only or broken, at each write of the node.
namespace loa::tests {

using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

/// A board whose calls of the disk can be told to fail.
struct FailingBoard {
  FailingBoard(World& in, Case& to) : world(in), test(to), code(in.board()), faults(in.village().node_folder(code)) { restart(); }
  void restart() {
    world.node(code).kill();
    world.start(code, {{}, faults.environment()});
    eventually(15s, [this] { return world.said(code).rfind("-> ready") != std::string::npos && world.ready(code, 0ms); });
  }
  /// The fault must have been met, or the row proves nothing.
  void met() {
    const auto hits = faults.hits();
    test.check(!hits.empty(), "no call failed: the fault was never met");
    if (!hits.empty()) test.log(fmt::format("{} calls failed", std::count(hits.begin(), hits.end(), '\n')));
  }
  void lives() { world.must_live(test, code); }

  World& world;
  Case& test;
  std::string code;
  FailingWrites faults;
};

/// What a full disk at one file must not do: the plan that is held is played.
void full_at(World& world, Case& test, const std::string& part) {
  FailingBoard board(world, test);
  const auto play = world.plan(board.code);
  board.faults.fail("write", part, ENOSPC);
  board.faults.fail("open", part, ENOSPC);
  if (part == "marks.json") world.plan(board.code, 'B', 300, {}, false);  // something to remember
  if (part == "plan.jws") world.plan(board.code, 'B', 300, {}, false);
  world.judge(test, board.code, play, {.record = false});
  board.met();
  board.lives();
  board.faults.heal();
  world.judge_record(test, board.code, play, {.record_limit = 60s}, kClipSeconds);
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
  world.judge(test, board.code, play, {.record = false});
  board.met();
  board.lives();
  board.faults.heal();
  world.judge_record(test, board.code, play, {.record_limit = 90s}, kClipSeconds);
}

void full_at_part(World& world, Case& test) {
  FailingBoard board(world, test);
  board.faults.fail("write", ".part", ENOSPC);
  const auto play = world.plan(board.code, 'A', 14, {}, false);
  test.check(eventually(10s, [&] { return !board.faults.hits().empty(); }), "the clip was never written");
  board.lives();
  board.faults.heal();
  world.judge(test, board.code, play);
}

void full_at_proofs(World& world, Case& test) {
  FailingBoard board(world, test);
  board.faults.fail("write", "verified.json", ENOSPC);
  board.faults.fail("open", "verified.json", ENOSPC);
  const auto play = world.plan(board.code, 'A', 9, {}, false);
  world.judge(test, board.code, play);
  board.met();
  board.lives();
}

void full_at_own_keys(World& world, Case& test) {
  const std::string code = "K-" + std::to_string(static_cast<long>(utc_now()) % 100000);
  world.village().add_node(code, Village::kWard);
  FailingWrites faults(world.village().node_folder(code));
  faults.fail("write", "own-keys", ENOSPC);
  faults.fail("open", "own-keys", ENOSPC);
  world.start(code, {{}, faults.environment()});
  test.check(eventually(15s, [&] { return !faults.hits().empty(); }), "keys of its own were never written");
  std::this_thread::sleep_for(1s);
  world.must_live(test, code);
  faults.heal();
  if (!world.node(code).running()) world.start(code, {{}, faults.environment()});
  test.check(world.ready(code, 40s), "it does not become ready once there is room");
  world.must_say(test, code, "its own certificate came", 40s);
  world.village().remove_node(code);
}

void alert_on_full(World& world, Case& test, int error) {
  FailingBoard board(world, test);
  for (const char* call : {"write", "open", "sync", "rename"}) board.faults.fail(call, "/state/", error);
  const auto begun = utc_now();
  world.alert();
  const bool sounded = eventually(15s, [&] { return total(world.hear(board.code, begun), '?') > 2; });
  const auto sounds = world.hear(board.code, begun);
  test.heard(in_words(sounds, begun));
  test.check(sounded, "the alert did not sound");
  board.met();
  board.lives();
}

/// A board whose state lies on a disk of its own.
struct DiskBoard {
  DiskBoard(World& in, Case& to) : world(in), test(to), code(in.board()) {
    if (const auto why = LossyDisk::missing(); !why.empty()) throw Skipped(why);
    world.node(code).kill();
    disk = std::make_unique<LossyDisk>(40);
    std::filesystem::copy(world.state(code), disk->path() / "state", std::filesystem::copy_options::recursive);
    std::filesystem::remove_all(world.state(code));
    std::filesystem::create_directory_symlink(disk->path() / "state", world.state(code));
    world.start(code);
    if (!eventually(20s, [this] { return world.ready(code, 0ms); })) throw std::runtime_error("no start on a disk of its own:\n" + world.last_lines(code));
  }
  ~DiskBoard() { world.node(code).kill(); }
  World& world;
  Case& test;
  std::string code;
  std::unique_ptr<LossyDisk> disk;
};

void read_only_before(World& world, Case& test) {
  DiskBoard board(world, test);
  const auto play = world.plan(board.code, 'A', 9);
  world.node(board.code).kill();
  board.disk->read_only();
  world.start(board.code);
  world.judge(test, board.code, play, {.record = false});
  world.must_live(test, board.code);
  board.disk->writable();
  world.judge_record(test, board.code, play, {.record_limit = 90s}, kClipSeconds);
}

void read_only_in_play(World& world, Case& test) {
  FailingBoard board(world, test);
  const auto play = world.plan(board.code);
  wait_until(play.due + 1.5);
  for (const char* call : {"write", "open", "sync", "rename"}) board.faults.fail(call, "/state/", EROFS);
  world.judge(test, board.code, play, {.record = false});
  board.met();
  board.lives();
  board.faults.heal();
  world.judge_record(test, board.code, play, {.record_limit = 90s}, kClipSeconds);
}

void full_in_play(World& world, Case& test) {
  DiskBoard board(world, test);
  const auto play = world.plan(board.code);
  wait_until(play.due + 1.5);
  board.disk->fill();
  world.judge(test, board.code, play, {.record = false});
  world.must_live(test, board.code);
  board.disk->make_room();
  world.judge_record(test, board.code, play, {.record_limit = 90s}, kClipSeconds);
}

void full_at_start(World& world, Case& test) {
  DiskBoard board(world, test);
  const auto play = world.plan(board.code, 'A', 9);
  world.node(board.code).kill();
  board.disk->fill();
  world.start(board.code);
  world.judge(test, board.code, play, {.record = false});
  world.must_live(test, board.code);
  board.disk->make_room();
  world.judge_record(test, board.code, play, {.record_limit = 90s}, kClipSeconds);
}

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
      row("full-at-alert", "the disk is full at every write when an alert comes", "the alert", "the node lives", [](World& w, Case& t) { alert_on_full(w, t, ENOSPC); }, true),
      row("full-in-play", "the whole disk fills in mid-play", whole, "the node lives; one record once there is room", full_in_play),
      row("full-at-start", "the disk is full when the node starts", whole, "the node lives; one record once there is room", full_at_start),
      row("read-only-at-start", "the disk is read-only when the node starts", whole, "the node lives; one record once it can write", read_only_before),
      row("read-only-in-play", "the disk turns read-only in mid-play", whole, "the node lives; one record once it can write", read_only_in_play, true),
      row("read-only-alert", "every write says read-only when an alert comes", "the alert", "the node lives", [](World& w, Case& t) { alert_on_full(w, t, EROFS); }),
      row("error-at-sync", "fsync of the database fails (EIO) from 1 s into the clip", whole, "the node lives; one record once the disk works",
          [](World& w, Case& t) { full_at_database(w, t, "sync", EIO, 1); }),
      row("error-at-write", "writes of the database fail (EIO) from 1 s into the clip", whole, "the node lives; one record once the disk works",
          [](World& w, Case& t) { full_at_database(w, t, "write", EIO, 1); }),
      row("error-at-read", "the clips cannot be read (EIO) for one broadcast", "nothing wrong; the next one whole, on time", "the disk is failing, on the page too; one record each", clip_unreadable),
  };
}

}  // namespace loa::tests
