#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>

#include "node-firmware/level_meter_gst.hpp"
#include "tests/support/ear_pcm.hpp"

// The real meter: alsasrc on a capture device that alsa-lib loads.

using namespace std::chrono_literals;
using loa::node::edge::level_between;

namespace {

/// Until it has heard this much more; the sound card gives it at its own pace.
template <class Meter>
bool hears(const Meter& meter, double seconds) {
  const auto from = meter.total().seconds;
  for (int turn = 0; turn < 500 && meter.total().seconds - from < seconds; ++turn) std::this_thread::sleep_for(20ms);
  return meter.total().seconds - from >= seconds;
}

template <class Meter>
bool in_trouble(const Meter& meter) {
  for (int turn = 0; turn < 250 && meter.trouble().empty(); ++turn) std::this_thread::sleep_for(20ms);
  return !meter.trouble().empty();
}

}  // namespace

TEST_CASE("a meter hears how loud its device is, between any two moments") {
  static loa::tests::EarPcm ear;  // alsa-lib reads its configuration once
  ::setenv("ALSA_CONFIG_PATH", ear.config().c_str(), 1);
  ear.hear(0.1);
  const auto meter = loa::node::make_gst_level_meter("ear");
  CHECK(meter->total().seconds == 0);  // it does not listen yet
  meter->listen(true);
  REQUIRE(hears(*meter, 0.5));
  const auto loud = meter->total();
  REQUIRE(hears(*meter, 1.0));
  // A sine of amplitude 0.1 has -20 dB peak and 3 dB less RMS, whichever side of the line-in it comes on.
  CHECK(level_between(loud, meter->total()).value() == Approx(-23.01).margin(0.2));
  SECTION("silence") {
    ear.hear(0);
    REQUIRE(hears(*meter, 0.5));  // what was on its way
    const auto silent = meter->total();
    REQUIRE(hears(*meter, 0.8));
    CHECK(level_between(silent, meter->total()).value() == -120);
  }
  SECTION("it stops, and listens again") {
    meter->listen(false);
    meter->listen(false);
    meter->listen(true);
    CHECK(hears(*meter, 0.5));
    CHECK(meter->trouble().empty());
  }
  SECTION("its device is pulled out, and comes back") {
    ear.unplug();
    meter->listen(false);
    meter->listen(true);
    REQUIRE(in_trouble(*meter));
    ear.hear(0.1);
    meter->listen(true);
    CHECK(hears(*meter, 0.5));
    CHECK(meter->trouble().empty());
  }
  SECTION("it begins and ends in one breath") {
    for (int turn = 0; turn < 20; ++turn) {
      meter->listen(false);
      meter->listen(true);
    }
    CHECK(hears(*meter, 0.5));
  }
}

TEST_CASE("too little to judge is no level") {
  CHECK_FALSE(level_between({}, {}));
  CHECK_FALSE(level_between({1, 10}, {1.1, 10.4}));
  CHECK(level_between({1, 10}, {1.1, 11.0}).value() == Approx(-10));
}
