#include <fmt/format.h>

#include <fstream>

#include "tests/faults/world.hpp"

// Node and servers on two ends of a cable.
namespace loa::tests {

using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

void cut_through(World& world, Case& test, std::chrono::seconds length) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 8);
  world.net().cut();
  const auto begun = utc_now();
  wait_until(std::max(play.due + kClipSeconds + 0.7, begun + static_cast<double>(length.count())));
  if (length > 60s) world.must_say(test, code, "no connection", 1s);  // what it said of its clip was taken by nobody for half a minute
  test.check(world.records(code, play).empty(), "a record came through a cut cable");
  world.net().heal();
  world.judge(test, code, play, {.record_limit = 120s});
}

void cut_mid_fetch(World& world, Case& test) {
  const auto code = world.board();
  world.files_way().obey({.rate = 4000});
  const auto play = world.plan(code, 'A', 30, {}, false);
  test.check(world.fetching(code), "nothing of the clip came in 10 s");
  world.net().cut();
  let_pass(5s);
  world.files_way().behave();
  world.net().heal();
  world.judge(test, code, play);
}

void cut_and_restart(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 8);
  world.net().cut();
  world.node(code).kill();
  world.start(code);
  world.judge(test, code, play, {.record = false});
  world.net().heal();
  world.judge_record(test, code, play, {.record_limit = 120s}, kClipSeconds);
}

void lossy(World& world, Case& test, int percent) {
  const auto code = world.board();
  world.net().lose(percent);
  const auto play = world.plan(code, 'A', 45, {}, false);
  world.must_be_ready(test, code, 42s);
  world.judge(test, code, play, {.record_limit = 90s});
}

void slow(World& world, Case& test) {
  const auto code = world.board();
  world.net().slow(20);
  const auto play = world.plan(code, 'A', 60, {}, false);
  world.must_be_ready(test, code, 58s);
  world.judge(test, code, play, {.record_limit = 60s});
}

void flapping(World& world, Case& test, int rounds) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 5 * rounds, {}, false);
  for (int i = 0; i < rounds; ++i) {
    world.net().cut();
    let_pass(5s);
    world.net().heal();
    let_pass(5s);
  }
  world.judge(test, code, play, {.record_limit = 90s});
}

void names_gone(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 9);
  std::ofstream(world.hosts_file()) << "127.0.0.1 nobody.test\n";
  world.node(code).kill();
  world.start(code);
  world.judge(test, code, play, {.record = false});
  world.must_say(test, code, "no connection");
  std::ofstream(world.hosts_file()) << world.net().here() << " loa.test\n";
  world.judge_record(test, code, play, {.record_limit = 90s}, kClipSeconds);
}

void alert_over_loss(World& world, Case& test) {
  const auto code = world.board();
  world.net().lose(30);
  const auto begun = utc_now();
  world.alert();
  world.must_sound(test, code, begun, 60s);
}

}  // namespace

std::vector<FaultRow> network_rows() {
  const std::string whole = "the whole clip, on time";
  const auto row = [](const char* name, const char* fault, const std::string& heard, const char* log, std::function<void(World&, Case&)> run, bool ordinary = false) {
    return FaultRow{std::string("network.") + name, fault, heard, log, ordinary, std::move(run), Where::network};
  };
  return {
      row("cut", "the cable is cut from before the start until after the end", whole, "one record, after the cable is whole",
          [](World& w, Case& t) { cut_through(w, t, 0s); }, true),
      row("cut-two-minutes", "the cable is cut for two minutes, less than one keepalive", whole, "no connection while it is cut; one record, after it is whole",
          [](World& w, Case& t) { cut_through(w, t, 120s); }),
      row("cut-and-restart", "the cable is cut and the node killed; it starts with nobody to ask", whole, "one record, after the cable is whole", cut_and_restart),
      row("cut-mid-fetch", "the cable is cut for 5 s with a part of the clip fetched", whole, "one record", cut_mid_fetch),
      row("loss-10", "10 % of all packets are lost in both directions", whole, "one record", [](World& w, Case& t) { lossy(w, t, 10); }),
      row("loss-30", "30 % of all packets are lost in both directions", whole, "one record", [](World& w, Case& t) { lossy(w, t, 30); }),
      row("slow-20", "20 kb/s in both directions", whole, "one record", slow),
      row("flapping", "the cable is cut and whole again every 5 s, four times", whole, "one record", [](World& w, Case& t) { flapping(w, t, 4); }),
      row("names", "no name is found any more, and the node starts anew", whole, "no connection; one record once names are found", names_gone),
      row("alert-loss-30", "an alert while 30 % of all packets are lost", "the alert within a minute", "-", alert_over_loss),
  };
}

}  // namespace loa::tests
