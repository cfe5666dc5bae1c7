#include <fmt/format.h>


#include "tests/faults/device_board.hpp"
#include "tests/faults/world.hpp"

// Sound devices that vanish, block, underrun and do not keep time.
namespace loa::tests {

using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

/// The device fails 2 s into a clip and is well 2 s later; the same clip is due again after that.
void fails_in_play(World& world, Case& test, const std::string& fault, const Expect& first) {
  DeviceBoard board(world);
  board.start();
  const auto play = world.plan(board.code, 'A', 8);
  const auto again = world.plan(board.code, 'A', 24);
  wait_until(play.due + 2);
  board.device.fault(fault);
  wait_until(play.due + 4);
  board.device.fault("");
  wait_until(play.due + 8);
  board.judge(test, play, first);
  board.judge(test, again);
  world.must_live(test, board.code);
}

void gone_between(World& world, Case& test) {
  DeviceBoard board(world);
  board.start();
  const auto play = world.plan(board.code, 'A', 14);
  board.device.fault("vanish");
  let_pass(3s);
  board.device.fault("");
  board.judge(test, play);
}

/// It cannot be opened when the clip is due, and can be 2 s later.
void not_there(World& world, Case& test, const std::string& fault) {
  DeviceBoard board(world);
  board.start();
  board.device.fault(fault);
  const auto play = world.plan(board.code, 'A', 9);
  const auto again = world.plan(board.code, 'A', 26);
  wait_until(play.due + 2);
  board.device.fault("");
  board.judge(test, play, {.heard = Heard::in_part, .least = 1, .outcomes = {"partial"}, .reasons = {"player_error", "late", "stalled"}});
  board.judge(test, again);
  world.must_live(test, board.code);
}

void never_there(World& world, Case& test) {
  DeviceBoard board(world);
  board.start();
  board.device.fault("vanish");
  const auto play = world.plan(board.code, 'A', 9);
  board.judge(test, play, {.heard = Heard::nothing, .outcomes = {"failed"}, .reasons = {"player_error", "not_playable", "stalled"}});
  world.must_live(test, board.code);
}

void own_pace(World& world, Case& test, int ppm) {
  DeviceBoard board(world, ppm);
  board.start();
  const auto play = world.plan(board.code, 'A', 8);
  board.judge(test, play);
}

void alert_when_gone(World& world, Case& test) {
  DeviceBoard board(world);
  board.start();
  board.device.fault("vanish");
  const auto begun = utc_now();
  world.alert();  // once: only the node's own next try lets it be heard
  let_pass(6s);
  board.device.fault("");
  const auto sounds = [&] {
    auto all = board.hear();
    std::erase_if(all, [&](const Sound& sound) { return sound.from < begun; });
    return all;
  };
  eventually(15s, [&] { return total(sounds()) > 2; });
  test.check(total(sounds()) > 2, fmt::format("{:.2f} s of the alert were heard in 15 s with the device, more than 2 s must be", total(sounds())));
  test.heard(in_words(sounds(), begun));
}

void kill_with_device(World& world, Case& test) {
  DeviceBoard board(world);
  board.start();
  const auto play = world.plan(board.code, 'A', 8);
  wait_until(play.due + 2);
  world.node(board.code).kill();
  world.start(board.code, {{}, {board.device.environment()}});
  board.judge(test, play, {.heard = Heard::in_part, .least = kClipSeconds - 1.7, .outcomes = {"partial"}, .reasons = {"restarted"}, .record_lacks = 2});
}

}  // namespace

std::vector<FaultRow> sound_rows() {
  const auto row = [](const char* name, const std::string& fault, const char* heard, const char* log, std::function<void(World&, Case&)> run, bool ordinary = false) {
    return FaultRow{std::string("sound.") + name, fault, heard, log, ordinary, std::move(run)};
  };
  const Expect broken{.heard = Heard::in_part, .least = 3, .outcomes = {"partial", "failed"}, .reasons = {"player_error", "stalled"}};
  return {
      row("vanishes", "the sound device vanishes in mid-play and is back 2 s later", "the clip but for the seconds without a device, at its times; whole when it is due again", "one record each: partial, player_error; played",
          [broken](World& w, Case& t) { fails_in_play(w, t, "vanish", broken); }, true),
      row("blocks", "the sound device takes nothing any more in mid-play, for 2 s", "the clip but for the seconds in which it stood, at its times; whole when it is due again", "one record each: partial, stalled; played",
          [](World& w, Case& t) { fails_in_play(w, t, "block", {.heard = Heard::in_part, .least = 2.5, .outcomes = {"partial"}, .reasons = {"stalled"}}); }),
      row("underruns", "the sound device runs dry in mid-play", "the clip but for a moment, at its times; whole when it is due again", "one record each",
          [](World& w, Case& t) { fails_in_play(w, t, "underrun", {.heard = Heard::in_part, .least = kClipSeconds - 1, .outcomes = {"played", "partial"}}); }),
      row("vanishes-between", "the sound device is gone for 3 s while nothing sounds", "the whole clip, on time", "one record", gone_between),
      row("busy", "somebody else has the sound device until 2 s after the due time", "the rest of the clip, at its times; whole when it is due again", "one record each", [](World& w, Case& t) { not_there(w, t, "busy"); }),
      row("gone-at-start", "the sound device is gone until 2 s after the due time", "the rest of the clip, at its times; whole when it is due again", "one record each", [](World& w, Case& t) { not_there(w, t, "vanish"); }),
      row("gone", "there is no sound device", "nothing", "one record: failed, player_error", never_there),
      row("fast", "the sound device plays 2 per mille too fast", "the whole clip, on time", "one record", [](World& w, Case& t) { own_pace(w, t, 2000); }),
      row("slow", "the sound device plays 2 per mille too slowly", "the whole clip, on time", "one record", [](World& w, Case& t) { own_pace(w, t, -2000); }),
      row("alert-when-gone", "an alert comes while the sound device is gone for 6 s", "the alert, once the device is there", "-", alert_when_gone),
      row("kill-in-play", "kill -9 of the node in mid-play through a sound device", "all but the second in which it was away", "one record: partial, restarted", kill_with_device),
  };
}

}  // namespace loa::tests
