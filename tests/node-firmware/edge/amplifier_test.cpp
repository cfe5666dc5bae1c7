#include "node-firmware/edge/amplifier.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "fake_lines.hpp"

using namespace loa::node::edge;
using namespace std::chrono_literals;
using loa::tests::FakeLines;

namespace {

// A day at the amplifier, in tenths of a second: sounds from..to; on_before 1 s, off_after 3 s.
struct Sound {
  int from, to;
  int known = 0;  // since when it stands in the plan
  int until_known = 1'000'000;
};

std::string changes_of(const std::vector<Sound>& sounds, int end) {
  AmplifierTiming timing({1s, 3s});
  std::string said;
  bool on = false;
  std::optional<Monotonic> promised;
  for (int t = 0; t <= end; ++t) {
    const Monotonic now = t * 100ms;
    SoundOutlook outlook;
    for (const auto& sound : sounds) {
      if (t < sound.known || t >= sound.until_known) continue;
      if (t >= sound.from && t < sound.to) outlook.sounding = true;
      const Monotonic begins = sound.from * 100ms;
      if (t < sound.from && (!outlook.next || begins < *outlook.next)) outlook.next = begins;
    }
    const auto step = timing.at(now, outlook);
    if (step.on != on) said += (said.empty() ? "" : " ") + std::string(step.on ? "on@" : "off@") + std::to_string(t);
    on = step.on;
    if (step.again) CHECK(*step.again > now);  // it never asks to be asked again at once
  }
  return said;
}

}  // namespace

TEST_CASE("the amplifier is on from before a sound until after it") {
  struct Row {
    const char* name;
    std::vector<Sound> sounds;
    const char* changes;
  };
  const std::vector<Row> rows{
      {"nothing is planned", {}, ""},
      {"one sound", {{50, 100}}, "on@40 off@130"},
      {"a sound due sooner than the amplifier needs", {{5, 20}}, "on@0 off@50"},
      {"an alert that nobody knew of", {{50, 100, 50}}, "on@50 off@130"},
      {"the next is far", {{50, 100}, {300, 320}}, "on@40 off@130 on@290 off@350"},
      {"the next is so near that it would hardly be off", {{50, 100}, {160, 180}}, "on@40 off@210"},
      {"the next is due while it is still on", {{50, 100}, {120, 140}}, "on@40 off@170"},
      {"it would be off for exactly off_after", {{50, 100}, {170, 180}}, "on@40 off@130 on@160 off@210"},
      {"one sound on the other's end", {{50, 100}, {100, 150}}, "on@40 off@180"},
      {"an alert in the time after", {{50, 100}, {110, 130, 110}}, "on@40 off@160"},
      {"a plan takes back what was awaited", {{50, 100, 0, 45}}, "on@40 off@45"},
      {"a plan takes back what it stayed on for", {{50, 100}, {160, 180, 0, 140}}, "on@40 off@140"},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) { CHECK(changes_of(row.sounds, 400) == row.changes); }
  }
}

TEST_CASE("the amplifier asks to be asked again exactly when it changes by itself") {
  AmplifierTiming timing({1s, 3s});
  CHECK(timing.at(0s, {false, 10s}) == AmplifierTiming::Step{false, 9s});
  CHECK(timing.at(9s, {false, 10s}) == AmplifierTiming::Step{true, std::nullopt});
  CHECK(timing.at(10s, {true, std::nullopt}) == AmplifierTiming::Step{true, std::nullopt});
  CHECK(timing.at(20s, {true, std::nullopt}) == AmplifierTiming::Step{true, std::nullopt});
  CHECK(timing.at(21s, {false, std::nullopt}) == AmplifierTiming::Step{true, 24s});  // not 23 s: nobody looked when it ended
  CHECK(timing.at(24s, {false, std::nullopt}) == AmplifierTiming::Step{false, std::nullopt});
}

namespace {

AmplifierSettings with_relay() {
  AmplifierSettings settings;
  settings.relay = {"gpiochip0", "relay", false};
  settings.timing = {1s, 3s};
  return settings;
}

AmplifierSettings with_both() {
  auto settings = with_relay();
  settings.fault = {"gpiochip0", "fault", true};
  return settings;
}

}  // namespace

TEST_CASE("the relay is driven from the beginning, follows the sound, and is off at the end") {
  FakeLines lines;
  {
    Amplifier amplifier(with_relay(), lines, 0s);
    CHECK(lines.told == std::vector<std::string>{"relay off"});
    CHECK(amplifier.expect(1s, {false, 5s}) == Monotonic(4s));
    CHECK(amplifier.state() == AmplifierState::off);
    amplifier.expect(4s, {false, 5s});
    CHECK(amplifier.state() == AmplifierState::on);
    amplifier.expect(5s, {true, {}});
    CHECK(lines.told == std::vector<std::string>{"relay off", "relay on"});
  }
  CHECK(lines.told == std::vector<std::string>{"relay off", "relay on", "relay off", "relay given back"});
}

TEST_CASE("a relay that cannot be driven is a fault, is tried again, and does not stop the sound") {
  FakeLines lines;
  lines.wires["relay"].broken = "line relay of gpiochip0: cannot be driven: Device or resource busy";
  Amplifier amplifier(with_relay(), lines, 0s);
  CHECK(amplifier.state() == AmplifierState::fault);
  CHECK(amplifier.expect(1s, {true, {}}) == Monotonic(5s));
  CHECK(amplifier.state() == AmplifierState::fault);
  lines.wires["relay"].broken.clear();
  CHECK(amplifier.expect(4s, {true, {}}) == Monotonic(5s));
  CHECK(amplifier.state() == AmplifierState::fault);
  amplifier.expect(5s, {true, {}});
  CHECK(amplifier.state() == AmplifierState::on);
  CHECK(lines.wires["relay"].active);
  SECTION("one that breaks later is asked for anew") {
    lines.wires["relay"].broken = "line relay of gpiochip0: cannot be set: No such device";
    amplifier.expect(6s, {});
    CHECK(amplifier.state() == AmplifierState::on);  // nothing was to change yet
    amplifier.expect(9s, {});
    CHECK(amplifier.state() == AmplifierState::fault);
    lines.wires["relay"].broken.clear();
    amplifier.expect(14s, {});
    CHECK(amplifier.state() == AmplifierState::off);
    CHECK(lines.told.back() == "relay off");
  }
}

TEST_CASE("the fault line is read each second while the amplifier is on, and each minute while it is off") {
  FakeLines lines;
  Amplifier amplifier(with_both(), lines, 0s);
  CHECK(amplifier.expect(1s, {}) == Monotonic(60s));
  lines.wires["fault"].active = true;
  amplifier.expect(59s, {});
  CHECK(amplifier.state() == AmplifierState::off);
  CHECK(amplifier.expect(60s, {}) == Monotonic(120s));
  CHECK(amplifier.state() == AmplifierState::fault);
  lines.wires["fault"].active = false;
  CHECK(amplifier.expect(61s, {true, {}}) == Monotonic(62s));
  CHECK(amplifier.state() == AmplifierState::on);
  CHECK(amplifier.reads_fault());
  lines.wires["fault"].broken = "gone";
  CHECK(amplifier.expect(62s, {true, {}}) == Monotonic(63s));
  CHECK(amplifier.state() == AmplifierState::fault);
  CHECK_FALSE(amplifier.reads_fault());
  CHECK(lines.wires["relay"].active);
}

TEST_CASE("an amplifier that is always on has no relay, but may tell of its faults") {
  FakeLines lines;
  auto settings = with_both();
  settings.relay.line.clear();
  Amplifier amplifier(settings, lines, 0s);
  amplifier.expect(1s, {true, {}});
  CHECK(amplifier.state() == AmplifierState::on);
  lines.wires["fault"].active = true;
  amplifier.expect(2s, {true, {}});
  CHECK(amplifier.state() == AmplifierState::fault);
  CHECK(lines.told.empty());
  CHECK_NOTHROW(switch_off(settings, lines));
  CHECK(lines.told.empty());
}

TEST_CASE("what died with the relay on is followed by a program that switches it off") {
  FakeLines lines;
  switch_off(with_both(), lines);
  CHECK(lines.told == std::vector<std::string>{"relay off", "relay given back"});
  lines.wires["relay"].broken = "line relay of gpiochip0: cannot be driven";
  CHECK_THROWS_WITH(switch_off(with_both(), lines), Catch::Contains("cannot be driven"));
}

TEST_CASE("a track in which each look found the fault line active was not heard") {
  FakeLines lines;
  Amplifier amplifier(with_both(), lines, 0s);
  auto& line = lines.wires["fault"];
  const auto sound = [&](std::initializer_list<bool> active) {
    Monotonic now = 10s;
    line.active = *active.begin();
    amplifier.expect(now, {true, {}});
    amplifier.began(1);
    for (const bool at : active) {
      line.active = at;
      amplifier.expect(now += 1s, {true, {}});
    }
    return amplifier.ended(1);
  };
  CHECK(sound({true, true, true}));
  CHECK_FALSE(sound({true, false, true}));
  CHECK_FALSE(sound({false, true, true}));
  CHECK_FALSE(sound({true, true, false}));
  CHECK_FALSE(amplifier.ended(1));  // of which nothing began
  SECTION("what cannot be read says nothing") {
    line.active = true;
    amplifier.began(2);
    line.broken = "line fault of gpiochip0: cannot be read: No such device";
    CHECK_FALSE(amplifier.ended(2));
    CHECK_FALSE(amplifier.reads_fault());
  }
  SECTION("nor does a quiet line of an amplifier that could not be switched on") {
    amplifier.expect(100s, {});
    amplifier.expect(104s, {});
    lines.wires["relay"].broken = "line relay of gpiochip0: cannot be set: No such device";
    amplifier.expect(110s, {true, {}});
    CHECK_FALSE(amplifier.reads_fault());
  }
}
