#include <fmt/format.h>


#include "tests/faults/world.hpp"

// Lines and servers that take connections and then behave badly.
namespace loa::tests {

using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

void delayed(World& world, Case& test) {
  const auto code = world.board();
  world.broker_way().obey({.delay = 2s});
  world.files_way().obey({.delay = 2s});
  world.broker_way().cut();  // also the handshake
  const auto play = world.plan(code, 'A', 70, {}, false);
  world.must_be_ready(test, code, 65s);
  world.judge(test, code, play, {.record_limit = 60s});
}

void stall_mid_fetch(World& world, Case& test) {
  const auto code = world.board();
  world.files_way().obey({.rate = 4000});
  const auto play = world.plan(code, 'A', 75, {}, false);
  const auto before = world.files_way().to_client();
  must_come(test, 10s, "7 kB of the clip", [&] { return world.files_way().to_client() > before + 7000; });
  world.files_way().freeze();
  world.files_way().behave();
  world.must_be_ready(test, code, 70s);
  world.judge(test, code, play);
}

// The session stands still and is never closed: found out by what the broker does not answer.
void stall_mid_session(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code);
  world.broker_way().freeze();
  world.judge(test, code, play, {.record_limit = 200s});
  world.must_say(test, code, "no connection");
}

void handshake_stall(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code);
  world.broker_way().obey({.hold_new = true});
  world.broker_way().cut();
  world.judge(test, code, play, {.record = false});
  world.must_say(test, code, "no connection", 30s);
  world.broker_way().behave();
  world.judge_record(test, code, play, {.record_limit = 90s}, kClipSeconds);
}

void accept_then_drop(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code);
  world.broker_way().obey({.drop_new = true});
  world.broker_way().cut();
  const int before = world.broker_way().connections();
  const auto begun = utc_now();
  world.judge(test, code, play, {.record = false});
  wait_until(begun + 20);
  // Three boards are there (this one and the spare ones), each 1 s, 2 s, 4 s … later, with jitter.
  const int tries = world.broker_way().connections() - before;
  test.log(fmt::format("{} attempts in 20 s", tries));
  test.check(tries <= 3 * 9, fmt::format("{} attempts in 20 s: it does not wait longer and longer", tries));
  test.check(tries >= 3, fmt::format("{} attempts in 20 s: it does not try again", tries));
  world.broker_way().behave();
  world.judge_record(test, code, play, {.record_limit = 90s}, kClipSeconds);
}

// Taken, welcomed, and dropped a moment later, again and again.
void connect_then_drop(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code);
  world.broker_way().obey({.cut_after = 5500});
  world.broker_way().cut();
  const int before = world.broker_way().connections();
  world.judge(test, code, play, {.record = false});
  const int tries = world.broker_way().connections() - before;
  test.log(fmt::format("{} attempts", tries));
  test.check(tries <= 3 * 12, fmt::format("{} attempts: it does not wait longer and longer", tries));
  world.broker_way().behave();
  world.judge_record(test, code, play, {.record_limit = 120s}, kClipSeconds);
}

void slow_tls(World& world, Case& test) {
  const auto code = world.board();
  world.files_way().obey({.delay = 700ms, .rate = 3000});
  world.broker_way().obey({.delay = 700ms, .rate = 3000});
  world.broker_way().cut();
  const auto play = world.plan(code, 'A', 40, {}, false);
  world.must_be_ready(test, code, 38s);
  world.judge(test, code, play, {.record_limit = 60s});
}

void files_dropped(World& world, Case& test) {
  const auto code = world.board();
  world.files_way().obey({.drop_new = true});
  const auto play = world.plan(code, 'A', 15, {}, false);
  let_pass(4s);
  test.check(!world.ready(code, 0ms), "it is ready without the clip");
  world.files_way().behave();
  world.judge(test, code, play);
}

void files_in_pieces(World& world, Case& test) {
  const auto code = world.board();
  // Enough for a handshake and one TLS record, not for the clip.
  world.files_way().obey({.rate = 30000, .cut_after = 20500});
  const auto before = world.files_way().to_client();
  const auto play = world.plan(code, 'A', 60, {}, false);
  world.must_be_ready(test, code, 58s);
  test.log(fmt::format("{} bytes over the line", world.files_way().to_client() - before));
  world.judge(test, code, play);
}

void files_never(World& world, Case& test) {
  const auto code = world.board();
  world.files_way().obey({.hold_new = true});
  const auto play = world.plan(code, 'A', 7, {}, false);
  world.judge(test, code, play, {.heard = Heard::nothing, .outcomes = {"failed", "skipped"}, .reasons = {"not_fetched"}});
}

// Comes when half of its time is over: nothing that is begun late may be heard off its time.
void files_late(World& world, Case& test) {
  const auto code = world.board();
  world.files_way().obey({.hold_new = true});
  const auto play = world.plan(code, 'A', 7, {}, false);
  wait_until(play.due + 1);
  world.files_way().behave();
  world.files_way().cut();
  world.judge(test, code, play, {.heard = Heard::at_most, .outcomes = {"partial", "failed", "skipped"}});
}

}  // namespace

std::vector<FaultRow> line_rows() {
  const std::string whole = "the whole clip, on time";
  const auto row = [](const char* name, const char* fault, const std::string& heard, const char* log, std::function<void(World&, Case&)> run, bool ordinary = false) {
    return FaultRow{std::string("line.") + name, fault, heard, log, ordinary, std::move(run)};
  };
  return {
      row("delay", "2 s of delay in both directions, to broker and files", whole, "one record", delayed),
      row("stall-mid-fetch", "the transfer of a clip stands still for ever, new ones work", whole, "one record", stall_mid_fetch),
      row("stall-mid-session", "the session with the broker stands still for ever, new ones work", whole, "no connection; one record", stall_mid_session),
      row("stall-handshake", "the broker takes connections and says nothing", whole, "no connection; one record once it speaks", handshake_stall),
      row("accept-then-drop", "the broker takes connections and drops them at once", whole, "attempts ever further apart; one record once it stays", accept_then_drop, true),
      row("connect-then-drop", "the broker drops each session a moment after it began", whole, "attempts ever further apart; one record once it stays", connect_then_drop),
      row("slow-tls", "3 kB/s and 0.7 s of delay, so that a TLS handshake takes many seconds", whole, "one record", slow_tls),
      row("files-dropped", "the files' server drops every connection for 4 s", whole, "one record", files_dropped),
      row("files-in-pieces", "the files' server drops every connection after 20 kB, less than the clip and its handshake", whole, "one record", files_in_pieces),
      row("files-never", "the files' server never answers", "nothing", "one record: not_fetched", files_never),
      row("files-late", "the files' server answers 1 s after the due time", "nothing off its time", "one record: partial, or not_fetched", files_late),
  };
}

}  // namespace loa::tests
