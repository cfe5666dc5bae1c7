#include <fmt/format.h>

#include <csignal>

#include "tests/faults/world.hpp"

// kill -9 of node, broker and controller at each step of one announcement.
namespace loa::tests {

using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

// Seconds that sound before a kill in mid-play. How far a sound has come is first on disk after 10 s (node-firmware/history_store.hpp), so the
// record may lack these, and none of those that are heard after it.
constexpr double kBefore = 2;

enum class Who { node, broker, controller };

const char* name_of(Who who) { return who == Who::node ? "node" : who == Who::broker ? "broker" : "controller"; }

void kill_it(World& world, Who who, const std::string& code) {
  auto& village = world.village();
  (who == Who::node ? village.node(code) : who == Who::broker ? village.broker() : village.controller()).kill();
}

void start_it(World& world, Who who, const std::string& code) {
  if (who == Who::node) world.start(code);
  if (who == Who::broker) world.broker_back();
  if (who == Who::controller) world.village().start_controller();
}

bool holds_plan(World& world, const std::string& code) { return world.said(code).find("with 1 occurrences") != std::string::npos; }

// The files are held back until after the kill, so nothing of the clip is on the board.
void before_fetch(World& world, Case& test, Who who) {
  const auto code = world.board();
  world.files_way().obey({.hold_new = true});
  const auto play = world.plan(code, 'A', 9, {}, false);
  must_come(test, 10s, "the plan", [&] { return holds_plan(world, code); });
  kill_it(world, who, code);
  world.files_way().behave();
  world.files_way().cut();
  start_it(world, who, code);
  world.judge(test, code, play);
}

void mid_fetch(World& world, Case& test, Who who) {
  const auto code = world.board();
  world.files_way().obey({.rate = 5000});
  const auto play = world.plan(code, 'A', 11, {}, false);
  test.check(world.fetching(code), "nothing of the clip came in 10 s");
  kill_it(world, who, code);
  world.files_way().behave();
  start_it(world, who, code);
  world.judge(test, code, play);
}

void before_start(World& world, Case& test, Who who) {
  const auto code = world.board();
  const auto play = world.plan(code);
  wait_until(play.due - 1.2);
  kill_it(world, who, code);
  start_it(world, who, code);
  // A node that needs longer than the second it had joins its clip where that then is.
  Expect expect;
  if (who == Who::node) expect = {.heard = Heard::in_part, .least = kClipSeconds - 1.5, .outcomes = {"played", "partial"}, .reasons = {"", "late"}};
  world.judge(test, code, play, expect);
}

void mid_play(World& world, Case& test, Who who) {
  const auto code = world.board();
  const auto play = world.plan(code);
  wait_until(play.due + kBefore);
  kill_it(world, who, code);
  start_it(world, who, code);
  Expect expect;
  if (who == Who::node)
    expect = {.heard = Heard::in_part, .least = kClipSeconds - 1.5, .outcomes = {"partial"}, .reasons = {"restarted"}, .record_lacks = kBefore};
  world.judge(test, code, play, expect);
}

// It plays to its end while nobody hears its record; then the kill.
void before_sent(World& world, Case& test, Who who) {
  const auto code = world.board();
  const auto play = world.plan(code);
  wait_until(play.due + 1);
  if (who == Who::node) world.broker_way().obey({.hold_to_server = true});
  else kill_it(world, who, code);
  wait_until(play.due + kClipSeconds);
  must_come(test, 3s, "the node's own record", [&] { return world.said(code).find(": played") != std::string::npos; });
  if (who == Who::node) {
    kill_it(world, who, code);
    world.broker_way().behave();
    world.broker_way().cut();
  }
  start_it(world, who, code);
  world.judge(test, code, play, {.record_limit = 40s});
}

// The controller has the record and its acknowledgement does not arrive: it is sent again, and counts once.
void after_sent(World& world, Case& test, Who who) {
  const auto code = world.board();
  const auto play = world.plan(code);
  wait_until(play.due + kClipSeconds - 1);
  world.broker_way().obey({.hold_to_client = true});
  must_come(test, 15s, "the record", [&] { return world.records(code, play).size() == 1; });
  kill_it(world, who, code);
  world.broker_way().behave();
  world.broker_way().cut();
  start_it(world, who, code);
  if (who == Who::controller) world.controller_back();
  world.judge(test, code, play);
  const auto acked = [&] {  // by what it says when it is asked
    try {
      world.village().admin().post("/nodes/" + world.village().node_id(code) + "/orders", {{"kind", "report"}});
      const auto log = world.seen(code).at("report").at("log");
      return log.at("acked") == log.at("number");
    } catch (const std::exception&) {
      return false;
    }
  };
  must_come(test, 60s, "the record's acknowledgement", acked);
  test.check(world.records(code, play).size() == 1, "the controller has it twice");
}

struct Step {
  const char* name;
  const char* when;
  void (*run)(World&, Case&, Who);
};

constexpr Step kSteps[] = {
    {"before-fetch", "with the plan held and nothing of the clip fetched", before_fetch},
    {"mid-fetch", "with a part of the clip on the node's disk", mid_fetch},
    {"before-start", "1.2 s before the due time", before_start},
    {"mid-play", "2 s into the clip", mid_play},
    {"before-sent", "after the end, before the record was sent", before_sent},
    {"after-sent", "after the controller has the record, before its acknowledgement came", after_sent},
};

}  // namespace

std::vector<FaultRow> kill_rows() {
  std::vector<FaultRow> rows;
  for (const auto& step : kSteps)
    for (const auto who : {Who::node, Who::broker, Who::controller}) {
      const bool cuts = who == Who::node && (step.run == mid_play || step.run == before_start);
      FaultRow row;
      row.name = fmt::format("kill.{}.{}", name_of(who), step.name);
      row.fault = fmt::format("kill -9 of the {} {}", name_of(who), step.when);
      row.heard = cuts ? "all but the second in which it was away, each part at its time" : "the whole clip, on time";
      row.log = cuts && step.run == mid_play ? "one record: partial, restarted; its seconds lack at most those before the kill, too few to be kept" : "one record";
      row.ordinary = row.name == "kill.node.mid-play" || row.name == "kill.broker.after-sent" || row.name == "kill.controller.mid-play";
      row.run = [step, who](World& world, Case& test) { step.run(world, test, who); };
      rows.push_back(row);
    }
  return rows;
}

}  // namespace loa::tests
