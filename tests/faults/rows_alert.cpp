#include <fmt/format.h>

#include "tests/faults/world.hpp"

// Alerts when things go wrong around them.
namespace loa::tests {

namespace json = boost::json;
using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

double alert_seconds(World& world, const std::string& code, double since) { return total(world.hear(code, since), '?'); }

/// How many records the controller has of this alert on this board.
int records_of(World& world, const std::string& code, const std::string& alert) {
  int own = 0;
  for (const auto& record : world.village().records("alert=" + alert)) own += text(record, "node_code") == code ? 1 : 0;
  return own;
}

void must_be_silent(World& world, Case& test, const std::string& code, std::chrono::seconds length) {
  const auto since = utc_now();
  let_pass(length);
  const auto sounds = world.hear(code, since + 0.5);
  test.heard(in_words(sounds, since));
  test.check(sounds.empty(), fmt::format("{:.2f} s of sound were heard, nothing must be", total(sounds)));
}

void killed(World& world, Case& test) {
  const auto code = world.board();
  const auto begun = utc_now();
  const auto alert = world.alert();
  world.must_sound(test, code, begun);
  world.node(code).kill();
  const auto since = utc_now();
  world.start(code);
  world.must_sound(test, code, since);
  eventually(60s, [&] { return records_of(world, code, alert) > 0; });
  const int own = records_of(world, code, alert);
  test.log(fmt::format("{} record", own));
  test.check(own == 1, fmt::format("the controller has {} records of it", own));
}

void while_away(World& world, Case& test) {
  const auto code = world.board();
  world.node(code).kill();
  world.alert();
  const auto since = utc_now();
  world.start(code);
  world.must_sound(test, code, since);
}

void cancelled_while_away(World& world, Case& test) {
  const auto code = world.board();
  const auto begun = utc_now();
  const auto alert = world.alert({{"repeats", 20}, {"repeat_every_s", 18}});
  world.must_sound(test, code, begun);
  world.node(code).kill();
  world.village().approver().post("/alerts/" + alert + "/cancel");
  world.start(code);
  must_be_silent(world, test, code, 18s);
}

void expired_while_away(World& world, Case& test) {
  const auto code = world.board();
  const auto begun = utc_now();
  world.alert({{"minutes", 1}, {"repeats", 20}, {"repeat_every_s", 18}});
  world.must_sound(test, code, begun);
  world.node(code).kill();
  world.broker_way().obey({.drop_new = true});  // nobody tells it
  wait_until(begun + 63);
  world.start(code);
  must_be_silent(world, test, code, 16s);
}

// Above a broadcast: that goes on where it was, nothing of it is heard twice.
void over_a_broadcast(World& world, Case& test, const char* after) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 6, {{"after_interrupt", after}});
  wait_until(play.due + 2);
  const auto since = utc_now();
  const auto alert = world.alert();
  world.must_sound(test, code, since);
  const bool resumes = std::string(after) == "resume";
  must_come(test, 60s, "the alert's record", [&] { return records_of(world, code, alert) > 0; });
  if (resumes)
    eventually(20s, [&] { return !world.records(code, play).empty(); });
  else
    let_pass(3s);  // long enough to begin again
  auto sounds = world.hear(code, play.due - 1);
  std::erase_if(sounds, [](const Sound& sound) { return sound.what != 'A'; });
  const Expect expect{.heard = Heard::in_part, .least = resumes ? kClipSeconds - 0.5 : 1.8, .on_the_clock = !resumes, .outcomes = {"played", "partial"}};
  world.judge_sound(test, sounds, play, expect);
  world.judge_record(test, code, play, expect, total(sounds, 'A'));
}

void with_everything_dead(World& world, Case& test) {
  const auto code = world.board();
  const auto begun = utc_now();
  world.alert({{"repeats", 3}, {"repeat_every_s", 20}});
  world.must_sound(test, code, begun);
  world.village().broker().kill();
  world.village().controller().kill();
  world.node(code).kill();
  const auto since = utc_now();
  world.start(code);
  world.must_sound(test, code, since, 30s);
  world.must_live(test, code);
}

void storm(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 150, {{"class", "priority"}});
  const auto begun = utc_now();
  std::vector<std::string> alerts;
  for (int i = 0; i < 32; ++i) alerts.push_back(world.alert({{"title", fmt::format("Diễn tập {}", i)}}));
  const double made = utc_now();
  world.must_sound(test, code, begun, 6s);
  test.log(fmt::format("32 alerts in {:.1f} s", made - begun));
  double first_over = 0;
  const auto next_sounds = [&] {
    if (first_over == 0 && world.said(code).find(".1.1: played") != std::string::npos) first_over = utc_now();
    return first_over > 0 && alert_seconds(world, code, first_over) > 1;
  };
  must_come(test, 60s, "an alert that sounds after the first is over", next_sounds);
  world.must_live(test, code);
  for (const auto& alert : alerts) world.village().approver().post("/alerts/" + alert + "/cancel");
  const auto over = utc_now();
  let_pass(3s);
  test.check(world.hear(code, over + 2).empty(), "an alert sounds 2 s after it was cancelled");
  int missing = 0, twice = 0;
  eventually(60s, [&] {
    missing = twice = 0;
    for (const auto& alert : alerts) {
      const int own = records_of(world, code, alert);
      missing += own == 0 ? 1 : 0;
      twice += own > 1 ? 1 : 0;
    }
    return missing == 0;
  });
  test.check(missing == 0, fmt::format("{} of 32 alerts have no record", missing));
  test.check(twice == 0, fmt::format("{} of 32 alerts have more than one record", twice));
  world.judge(test, code, play);
}

void broker_forgets(World& world, Case& test) {
  const auto code = world.board();
  world.alert();
  const auto begun = utc_now();
  world.must_sound(test, code, begun - 2);
  const auto fresh = world.board();
  world.node(fresh).kill();
  world.village().broker().kill();  // and with it what it had not saved
  std::filesystem::remove(world.village().folder() / "data/mosquitto.db");
  world.broker_back();
  const auto since = utc_now();
  world.start(fresh);
  world.must_sound(test, fresh, since, 25s);
}

}  // namespace

std::vector<FaultRow> alert_rows() {
  const auto row = [](const char* name, const char* fault, const char* heard, const char* log, std::function<void(World&, Case&)> run, bool ordinary = false) {
    return FaultRow{std::string("alert.") + name, fault, heard, log, ordinary, std::move(run)};
  };
  return {
      row("killed", "kill -9 of the node while an alert sounds", "the alert again, until it was heard", "one record", killed),
      row("while-away", "an alert is made while the node is off", "the alert, when the node is back", "-", while_away),
      row("cancelled-while-away", "an alert is cancelled while the node is off", "nothing", "-", cancelled_while_away, true),
      row("expired-while-away", "an alert expires while the node is off and cut off", "nothing", "-", expired_while_away),
      row("over-broadcast-resume", "an alert cuts a broadcast that is to resume", "the alert; then the rest of the clip, nothing twice", "one record", [](World& w, Case& t) { over_a_broadcast(w, t, "resume"); }),
      row("over-broadcast-drop", "an alert cuts a broadcast that is to be dropped", "the alert; nothing more of the clip", "one record", [](World& w, Case& t) { over_a_broadcast(w, t, "drop"); }),
      row("everything-dead", "broker, controller and node are killed while an alert repeats", "the alert again, by the node alone", "-", with_everything_dead),
      row("storm", "32 alerts at once", "one after the other; nothing once they are cancelled; a later broadcast whole, on time", "one record each", storm),
      row("broker-forgets", "the broker loses all that it retained", "the alert, on a node that starts after that", "-", broker_forgets),
  };
}

}  // namespace loa::tests
