#include <fmt/format.h>

#include <csignal>
#include <fstream>

#include "node-firmware/command_line.hpp"
#include "tests/faults/world.hpp"
#include "tests/support/places.hpp"

// What others do to a node: copies of itself, its owners, and its own starts.
namespace loa::tests {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

std::string in_utc(double utc) {
  const auto at = static_cast<std::time_t>(utc);
  std::tm parts{};
  ::gmtime_r(&at, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return stamp;
}

Process second_process(const fs::path& folder) {
  return Process({(program_folder() / "loa-node").string(), "--config", (folder / "node.toml").string()}, {folder, "second", {}, {}});
}

// A copied card: both have the same keys and throw each other off the broker.
void two_of_one(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 10);
  const auto folder = world.village().folder() / "copied-card";
  fs::create_directories(folder);
  fs::copy(world.state(code), folder / "state", fs::copy_options::recursive);
  std::ofstream(folder / "node.toml") << "state_folder = \"state\"\nlog_level = \"debug\"\n[sink]\nkind = \"null\"\n";
  auto copy = second_process(folder);
  world.judge(test, code, play, {.record_limit = 60s});
  world.must_live(test, code);
  const auto all = world.said(code);
  int sessions = 0;
  for (auto at = all.find("no connection"); at != std::string::npos; at = all.find("no connection", at + 1)) ++sessions;
  test.log(fmt::format("{} sessions lost", sessions));
  test.check(sessions < 15, fmt::format("{} sessions were lost, fewer than 15 may be: they throw each other off without waiting longer and longer", sessions));
  copy.kill();
}

void two_in_one_folder(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 9);
  const auto folder = world.village().node_folder(code);
  auto other = second_process(folder);
  const auto ended = other.wait(30s);  // it is patient with a check that runs on the same state
  test.check(ended.has_value(), "a second process runs on the same state for 30 s");
  test.check(!ended || *ended != 0, "the second process ends as if all were well");
  test.log("second: " + other.err().substr(0, 120));
  other.kill();
  world.judge(test, code, play);
}

void tenfold_plan(World& world, Case& test) {
  const auto code = world.board();
  const auto first = std::floor(utc_now() / 60) * 60 + 3600;
  for (int half = 0; half < 2; ++half) {
    json::array times;
    for (int i = 1; i < 480; ++i) times.push_back(json::value(in_utc(first + (2 * i + half) * 1200)));
    world.plan(code, half ? 'C' : 'B', static_cast<int>(first + half * 1200 - utc_now()), {{"rdates", times}}, false);
  }
  world.must_be_ready(test, code, 30s);
  const auto play = world.plan(code, 'A', 10);
  world.node(code).kill();
  world.start(code);
  world.judge(test, code, play);
  const auto said = world.said(code);
  const auto at = said.rfind(" occurrences");
  test.log("a plan with" + said.substr(said.rfind("with", at) + 4, at - said.rfind("with", at) - 4) + " occurrences");
}

void revoked_in_fetch(World& world, Case& test) {
  const auto code = world.board();
  world.files_way().obey({.rate = 3000});
  const auto play = world.plan(code, 'A', 14, {}, false);
  test.check(world.fetching(code), "nothing of the clip came in 10 s");
  world.village().admin().post("/nodes/" + world.village().node_id(code) + "/revoke");
  world.files_way().behave();
  world.files_way().cut();
  world.broker_way().cut();
  wait_until(play.due + kClipSeconds);
  const auto sounds = world.hear(code, play.due - 2);
  test.heard(in_words(sounds, play.due));
  world.must_say(test, code, "revoked", 20s);
  world.must_live(test, code);
}

void stopped_then_killed(World& world, Case& test, bool by_order) {
  const auto code = world.board();
  const auto play = world.plan(code);
  wait_until(play.due + 1.5);
  if (by_order) world.village().officer().post("/nodes/" + world.village().node_id(code) + "/orders", {{"kind", "stop"}});
  else world.village().officer().post("/broadcasts/" + play.broadcast + "/cancel");
  must_come(test, 3s, "the stop", [&] { return world.said(code).find(": cancelled") != std::string::npos; });
  world.node(code).kill();
  world.start(code);
  const Expect expect{.heard = Heard::in_part, .least = 1.2, .outcomes = {"cancelled"}, .reasons = {by_order ? "stopped" : "plan"}, .record_lacks = 0.5};
  world.judge(test, code, play, expect);
  test.check(total(world.hear(code, play.due), 'A') < 4, fmt::format("{:.2f} s were heard, fewer than 4 s may be: it goes on after it was stopped", total(world.hear(code, play.due), 'A')));
}

void cancelled_while_away(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 9);
  world.node(code).kill();
  world.village().officer().post("/broadcasts/" + play.broadcast + "/cancel");
  world.start(code);
  world.judge(test, code, play, {.heard = Heard::nothing, .record = false});
}

void muted_while_away(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 10);
  world.node(code).kill();
  world.village().admin().put("/nodes/" + world.village().node_id(code) + "/settings", {{"mute", true}});
  world.start(code);
  world.judge(test, code, play, {.heard = Heard::nothing, .outcomes = {"skipped"}, .reasons = {"muted"}});
}

void ended_in_order(World& world, Case& test, bool by_order) {
  const auto code = world.board();
  const auto play = world.plan(code);
  wait_until(play.due + 2);
  if (by_order) {
    world.village().admin().post("/nodes/" + world.village().node_id(code) + "/orders", {{"kind", "restart"}});
    test.check(world.node(code).wait(8s).has_value(), "it does not obey within 8 s");
  } else {
    world.node(code).stop();
  }
  world.start(code);
  world.judge(test, code, play, {.heard = Heard::in_part, .least = kClipSeconds - 2, .outcomes = {"partial"}, .reasons = {"restarted"}, .record_lacks = 0.5});
}

// What an ill board does: it dies soon after every start.
void crash_loop(World& world, Case& test) {
  const auto code = world.board();
  const auto runtime = world.village().node_folder(code) / "run";  // what systemd gives the service
  fs::create_directories(runtime);
  for (int deaths = 0; deaths <= 5; ++deaths) {
    world.node(code).kill();
    const auto before = world.said(code).size();
    world.start(code, {{}, {"RUNTIME_DIRECTORY=" + runtime.string()}});
    // It has counted this start, and waits or begins.
    const auto counted = [&] {
      const auto all = world.said(code);
      return all.find(" is node ", before) != std::string::npos || all.find("soon after its start: waiting", before) != std::string::npos;
    };
    if (deaths < 5) must_come(test, 10s, fmt::format("the start after {} deaths", deaths), counted);
  }
  world.must_say(test, code, "safe mode: died 5 times in a row", 40s);
  world.must_be_ready(test, code, 20s, false);
  const auto begun = utc_now();
  world.alert();
  world.must_sound(test, code, begun, 15s);
}

/// The safe mode lasts six hours: the node's monotonic clock jumps by that much.
void safe_mode_ends(World& world, Case& test) {
  const auto code = world.board();
  const auto folder = world.village().node_folder(code);
  fs::create_directories(folder / "run");
  const auto runtime = "RUNTIME_DIRECTORY=" + (folder / "run").string();
  Village::NodeStart how{{}, {"LD_PRELOAD=" LOA_LATER_CLOCK, "LOA_LATER=" + (folder / "later").string(), "ASAN_OPTIONS=verify_asan_link_order=0", runtime}};
  world.node(code).kill();
  std::ofstream(folder / "run/starts") << "5 no memory\n";  // as five quick deaths leave it
  world.start(code, how);
  world.must_say(test, code, "safe mode: died 5 times in a row", 40s);
  const auto unheard = world.plan(code, 'A', 8, {}, false);
  world.judge(test, code, unheard, {.heard = Heard::nothing, .record = false});
  const auto begun = utc_now();
  const auto alert = world.alert();
  test.check(eventually(15s, [&] { return total(world.hear(code, begun), '?') > 2; }), "the alert did not sound");
  test.heard(in_words(world.hear(code, begun), begun));
  world.village().approver().post("/alerts/" + alert + "/cancel");
  std::ofstream(folder / "later") << 6 * 3600 + 60;
  world.must_say(test, code, "safe mode: trying the normal mode again", 70s);
  const auto ended = world.node(code).wait(15s);
  test.check(ended == node::kExitRestart, fmt::format("it ended with {}", ended.value_or(-1)));
  world.start(code, {{}, {runtime}});
  test.check(world.ready(code, 30s), "it is not ready in the normal mode");
  const auto play = world.plan(code);
  world.judge(test, code, play);
}

void frozen(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 8);
  world.node(code).signal(SIGSTOP);
  wait_until(play.due + 2);
  world.node(code).signal(SIGCONT);
  world.judge(test, code, play, {.heard = Heard::in_part, .least = 3, .on_the_clock = false, .outcomes = {"partial"}, .reasons = {"late"}});
}

void frozen_in_play(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code);
  wait_until(play.due + 2);
  world.node(code).signal(SIGSTOP);
  let_pass(1500ms);
  world.node(code).signal(SIGCONT);
  world.judge(test, code, play, {.heard = Heard::in_part, .least = 4, .on_the_clock = false, .outcomes = {"played", "partial"}, .record_lacks = 0.5});
}

}  // namespace

std::vector<FaultRow> peer_rows() {
  const auto row = [](const char* name, const char* fault, const char* heard, const char* log, std::function<void(World&, Case&)> run, bool ordinary = false) {
    return FaultRow{std::string("peer.") + name, fault, heard, log, ordinary, std::move(run)};
  };
  return {
      row("two-of-one", "a board's card was copied: two nodes with one identity", "the whole clip, on time", "one record; they do not throw each other off for ever faster", two_of_one),
      row("two-in-one-folder", "a second process is started on the same state", "the whole clip, on time, once", "the second ends and says why", two_in_one_folder),
      row("tenfold-plan", "a plan of 960 occurrences, and a restart with it", "the whole clip, on time", "one record", tenfold_plan),
      row("revoked-in-fetch", "the board is revoked in the middle of a fetch", "-", "revoked; the node lives", revoked_in_fetch),
      row("stopped-then-killed", "an order stops the clip and the node is killed at once", "the clip up to then and nothing more", "one record: cancelled, stopped", [](World& w, Case& t) { stopped_then_killed(w, t, true); }),
      row("cancelled-then-killed", "the broadcast is cancelled in mid-play and the node is killed at once", "the clip up to then and nothing more", "one record: cancelled, plan",
          [](World& w, Case& t) { stopped_then_killed(w, t, false); }),
      row("cancelled-while-away", "the broadcast is cancelled while the node is off", "nothing", "-", cancelled_while_away),
      row("muted-while-away", "the node is muted while it is off", "nothing", "one record: skipped, muted", muted_while_away),
      row("restart-order", "an order restarts the node in mid-play", "all but the second in which it was away", "one record: partial, restarted", [](World& w, Case& t) { ended_in_order(w, t, true); }),
      row("terminated", "SIGTERM in mid-play, then a start", "all but the second in which it was away", "one record: partial, restarted", [](World& w, Case& t) { ended_in_order(w, t, false); }),
      row("crash-loop", "the node dies five times, each time within a second of its start", "an alert", "safe mode: died 5 times in a row", crash_loop, true),
      row("safe-mode-ends", "a node in safe mode, six hours later", "no plan and an alert in the safe mode; then the whole clip, on time", "trying the normal mode again; one record", safe_mode_ends),
      row("frozen-before", "the whole process stands still from before the start until 2 s after", "the clip from then to its planned end, nothing twice", "one record: partial, late", frozen),
      row("frozen-in-play", "the whole process stands still for 1.5 s in mid-play", "the clip, with the pause in it, nothing twice", "one record", frozen_in_play),
  };
}

}  // namespace loa::tests
