#include <csignal>
#include <fstream>

#include "node-firmware/folder_lock.hpp"
#include "pole.hpp"
#include "tests/support/bad_pcm.hpp"
#include "tests/support/ear_pcm.hpp"
#include "tests/support/fake_gpiod.hpp"

// The lines `sound device` and `amplifier` of `loa-node check`: what stands between the program and the loudspeaker.

using namespace loa;
using namespace loa::tests;

namespace {

constexpr const char* kWav = "kind = \"wav\"\nfile = \"sound.wav\"\n";
constexpr const char* kRelay = "[amplifier]\nchip = \"gpiochip0\"\nline = \"17\"\non_before = \"700ms\"\noff_after = \"1s\"\nfault_line = \"AMP_FAULT\"\n";

std::string amplifier_line(Pole& pole, const FakeGpiod& gpio, std::vector<std::string> environment = {}) {
  const auto fake = gpio.environment();
  environment.insert(environment.end(), fake.begin(), fake.end());
  const auto checked = pole.check({}, environment);
  INFO(checked.whole);
  REQUIRE(checked.lines.contains("amplifier"));
  return checked.lines.at("amplifier");
}

}  // namespace

TEST_CASE("the check switches the amplifier on before its chime and off after it") {
  FakeGpiod gpio;
  Pole pole;
  pole.write_plan();
  pole.write_settings(kWav + std::string(kRelay));
  CHECK_THAT(amplifier_line(pole, gpio), Catch::StartsWith("ok") && Catch::Contains("relay 17 switched on for it"));
  const auto changes = gpio.changes();
  REQUIRE(changes.size() >= 3);
  CHECK_FALSE(changes.back().high);
  CHECK_FALSE(changes[0].high);
  CHECK(changes[1].high);
  CHECK_FALSE(changes[2].high);
  CHECK(changes[2].at - changes[1].at > 700ms + 1500ms + 900ms);  // on_before, the chime, off_after
  CHECK(changes[2].at - changes[1].at < 6s);
}

TEST_CASE("with --silent, and with a mute node, the relay stays off") {
  FakeGpiod gpio;
  Pole pole;
  pole.write_settings(kWav + std::string(kRelay));
  pole.write_plan([](scheduler::Plan& plan) { plan.settings.mute = true; });
  const auto fake = gpio.environment();
  pole.check({}, fake, {"--silent"});
  CHECK_THAT(amplifier_line(pole, gpio), Catch::Contains("unmute"));
  CHECK_FALSE(gpio.high());
}

TEST_CASE("what keeps the amplifier from sounding is said in its line") {
  FakeGpiod gpio;
  EarPcm ear;
  TempFolder sys;
  Pole pole;
  pole.write_plan();
  std::string more;
  std::vector<std::string> environment;
  const char* words = "";
  bool ok = false;
  SECTION("another program holds the relay") {
    gpio.set_busy("17", true);
    words = "another program holds it";
  }
  SECTION("its fault line is active") {
    gpio.set_high("AMP_FAULT", true);
    words = "its fault line is active";
  }
  SECTION("nothing comes out of it") {
    ear.hear(0);
    more = "[level]\ncapture_device = \"ear\"\n";
    environment = ear.environment();
    words = "nothing comes out of it";
  }
  SECTION("it sounds, and is heard") {
    ear.hear(0.1);
    more = "[level]\ncapture_device = \"ear\"\n";
    environment = ear.environment();
    words = "heard at the amplifier at -23 dBFS";
    ok = true;
  }
  SECTION("it takes no current") {
    std::ofstream(sys / "raw") << "12\n";
    more = "[level]\ncurrent = \"" + (sys / "raw").string() + "\"\ncurrent_floor = 40\n";
    words = "no more current than at rest";
  }
  SECTION("it takes current") {
    std::ofstream(sys / "raw") << "120\n";
    more = "[level]\ncurrent = \"" + (sys / "raw").string() + "\"\ncurrent_floor = 40\n";
    words = "the amplifier took current";
    ok = true;
  }
  pole.write_settings(kWav + std::string(kRelay) + more);
  const auto line = amplifier_line(pole, gpio, environment);
  CHECK_THAT(line, Catch::StartsWith(ok ? "ok" : "FIX") && Catch::Contains(words));
  CHECK_FALSE(gpio.high());
}

TEST_CASE("beside a node that runs and holds the relay the check says what to do") {
  FakeGpiod gpio;
  gpio.set_busy("17", true);
  Pole pole;
  pole.write_plan();
  pole.write_settings(kWav + std::string(kRelay));
  const auto held = node::FolderLock::take(pole.state());
  REQUIRE(held);
  CHECK_THAT(amplifier_line(pole, gpio), Catch::StartsWith("FIX") && Catch::Contains("systemctl stop loa-node"));
}

TEST_CASE("a check that is broken off leaves no amplifier on") {
  FakeGpiod gpio;
  Pole pole;
  pole.write_plan();
  const int signal = GENERATE(SIGINT, SIGTERM);
  pole.write_settings(kWav + std::string(kRelay));
  auto environment = gpio.environment();
  tests::Process program({(program_folder() / "loa-node").string(), "check", "--config", (pole / "node.toml").string()}, {pole / "", "broken-off", environment, pole / ""});
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!gpio.high() && program.running() && std::chrono::steady_clock::now() < end) {}
  REQUIRE(gpio.high());
  program.signal(signal);
  CHECK(program.wait(10s) == 128 + signal);
  CHECK_FALSE(gpio.high());
}

TEST_CASE("a chime that hangs in its device ends with the amplifier off") {
  FakeGpiod gpio;
  Pole pole;
  pole.write_plan();
  BadPcm device(pole / "device");
  pole.write_settings("kind = \"alsa\"\ndevice = \"bad\"\n" + std::string(kRelay));
  auto environment = gpio.environment();
  environment.push_back(device.environment());
  tests::Process program({(program_folder() / "loa-node").string(), "check", "--config", (pole / "node.toml").string()}, {pole / "", "hangs", environment, pole / ""});
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!gpio.high() && program.running() && std::chrono::steady_clock::now() < end) {}
  device.fault("block");
  const auto code = program.wait(60s);
  INFO(program.out());
  CHECK(code == 1);
  CHECK_FALSE(gpio.high());
  device.fault("");
}

TEST_CASE("a line-out is looked at beside the sound device") {
  Pole pole;
  BadPcm device(pole / "device");
  pole.write_settings(kWav + std::string("[line_out]\ndevice = \"bad\"\n"));
  SECTION("well") {
    const auto checked = pole.check({}, {device.environment()}, {"--silent"});
    INFO(checked.whole);
    CHECK_THAT(checked.lines.at("sound device"), Catch::StartsWith("ok") && Catch::Contains("the line-out \"bad\" too"));
  }
  SECTION("not there") {
    device.fault("vanish");
    const auto checked = pole.check({}, {device.environment()}, {"--silent"});
    INFO(checked.whole);
    CHECK_THAT(checked.lines.at("sound device"), Catch::StartsWith("FIX") && Catch::Contains("the line-out \"bad\"") && Catch::Contains("[line_out]"));
  }
}

TEST_CASE("a device that takes one sound at a time is found out, and the check says what to write instead") {
  struct Row {
    const char* device;
    const char* instead;
    bool single;
  };
  const auto row = GENERATE(values<Row>({{"bad", "device = \"default\"", true}, {"hw:Bad,0", "device = \"dmix:Bad,0\"", true}, {"bad", "", false}}));
  DYNAMIC_SECTION(row.device << (row.single ? ", for one" : ", for several")) {
    Pole pole;
    BadPcm device(pole / "device");
    // As a card's own name, which alsa-lib's own configuration would look for in the kernel.
    std::ofstream(pole / "device/asound.conf", std::ios::app) << "pcm.hw { @args [ CARD DEV ] @args.CARD { type string } @args.DEV { type integer default 0 } type bad folder \""
                                                              << (pole / "device").string() << "\" }\n";
    device.fault(row.single ? "single" : "");
    pole.write_settings("kind = \"alsa\"\ndevice = \"" + std::string(row.device) + "\"\n");
    const auto checked = pole.check({}, {device.environment()}, {"--silent"});
    INFO(checked.whole);
    const auto line = checked.lines.at("sound device");
    if (!row.single) CHECK_THAT(line, Catch::StartsWith("ok"));
    else CHECK_THAT(line, Catch::StartsWith("FIX") && Catch::Contains("takes only one sound at a time") && Catch::Contains(row.instead) && Catch::Contains("under [sink]"));
  }
}
