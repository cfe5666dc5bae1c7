#include "node-firmware/second_output.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "node-firmware/stream_feed.hpp"
#include "tests/support/fake_player.hpp"
#include "tests/support/loop.hpp"

using namespace loa;
using namespace loa::tests;
using namespace std::chrono_literals;
using node::Millis;
using node::SteadyTime;
using node::Track;
using node::TrackEnd;
using node::TrackEnded;

namespace {

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

/// A second output whose player only remembers.
struct Transmitter {
  boost::asio::io_context loop;
  FakePlayer* player = nullptr;
  node::SecondOutput output{loop.get_executor(), [this](boost::asio::any_io_executor, node::PlayerEvents events) {
                              auto made = std::make_unique<FakePlayer>(std::move(events));
                              player = made.get();
                              return made;
                            }};

  bool until(const std::function<bool()>& done) { return run_until(loop, done, 8s); }
  std::size_t runs() const { return player->order.size(); }
  void main_device_fails(node::TrackId track) { output.main_ended({track, TrackEnd::failed, "player_error", "", Millis(500), {}, node::TrackFault::device}); }
  Track clip(node::TrackId id, Millis offset = 0ms, Millis length = 0ms) { return {id, "/clips/a.opus", offset, length, 80}; }
};

double in_ms(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

}  // namespace

TEST_CASE("a second output is told what the main one is told, under numbers of its own") {
  Transmitter with;
  with.output.prepare(with.clip(7, 100ms, 5000ms));
  const auto due = steady_now() + 1s;
  with.output.start_at(7, due);
  REQUIRE(with.runs() == 1);
  auto& run = with.player->last();
  CHECK(run.track.file == "/clips/a.opus");
  CHECK(run.track.offset == 100ms);
  CHECK(run.track.length == 5000ms);
  CHECK(run.track.volume == 80);
  CHECK(run.due == due);
  with.output.start_at(7, due + 10ms);
  CHECK(run.due == due + 10ms);
  with.output.set_volume(7, 30);
  CHECK(run.track.volume == 30);
  with.output.stop(7);
  CHECK(run.stopped);
}

TEST_CASE("a device that fails in mid-clip is tried again where the sound then is") {
  Transmitter with;
  with.output.prepare(with.clip(1, 1000ms, 30'000ms));
  const auto due = steady_now();
  with.output.start_at(1, due);
  with.player->started(with.player->order.back());
  with.player->failed(with.player->order.back(), node::TrackFault::device, 200ms);
  REQUIRE(with.until([&] { return with.runs() == 2; }));
  const auto waited = steady_now() - due;
  CHECK(waited >= 1950ms);
  const auto& run = with.player->last();
  CHECK(in_ms(*run.due - due) == Approx(static_cast<double>(run.track.offset.count() - 1000)).margin(2));
  CHECK(*run.due > steady_now());
  CHECK(run.track.offset + run.track.length == 31'000ms);
}

TEST_CASE("what cannot sound at all is not tried again, and neither is what was stopped") {
  Transmitter with;
  with.output.prepare(with.clip(1));
  with.output.start_at(1, steady_now());
  SECTION("the clip is broken") { with.player->failed(with.player->order.back(), "player_error", 0ms); }
  SECTION("it was stopped, and its device failed") {
    with.output.stop(1);
    with.player->failed(with.player->order.back(), node::TrackFault::device, 0ms);
  }
  SECTION("it ended before its main one, whose clip ends by then") { with.player->finished(with.player->order.back(), 500ms); }
  with.until([start = steady_now()] { return steady_now() - start > 2500ms; });
  CHECK(with.runs() == 1);
}

TEST_CASE("where the main device fails the second goes on, as long as the same sound is tried again") {
  Transmitter with;
  with.output.prepare(with.clip(1));
  const auto due = steady_now();
  with.output.start_at(1, due);
  const auto run = with.player->order.back();
  with.player->started(run);
  with.main_device_fails(1);
  // As the conductor tries again: the same clip, where it is by then.
  for (node::TrackId id = 2; id < 5; ++id) {
    with.until([end = steady_now() + 900ms] { return steady_now() > end; });
    const auto now = steady_now();
    with.output.prepare(with.clip(id, std::chrono::duration_cast<Millis>(now - due)));
    with.output.start_at(id, now);
    if (id < 4) with.main_device_fails(id);
  }
  CHECK(with.runs() == 1);
  CHECK_FALSE(with.player->tracks.at(run).stopped);
  with.output.set_volume(4, 55);
  CHECK(with.player->tracks.at(run).track.volume == 55);
  with.output.stop(4);
  CHECK(with.player->tracks.at(run).stopped);
}

TEST_CASE("a second output alone ends soon after nobody wants its sound any more") {
  Transmitter with;
  with.output.prepare(with.clip(1));
  with.output.start_at(1, steady_now());
  const auto run = with.player->order.back();
  with.player->started(run);
  const auto failed = steady_now();
  with.main_device_fails(1);
  SECTION("nothing follows") {
    REQUIRE(with.until([&] { return with.player->tracks.at(run).stopped; }));
    CHECK(steady_now() - failed < 3500ms);
  }
  SECTION("something else follows") {
    Track alert{2, "/clips/tone.opus"};
    with.output.prepare(alert);
    with.output.start_at(2, steady_now() + 300ms);
    REQUIRE(with.runs() == 2);
    REQUIRE(with.until([&] { return with.player->tracks.at(run).stopped; }));
    CHECK(steady_now() - failed < 1s);
  }
  SECTION("the same clip from its beginning follows") {
    with.until([end = steady_now() + 300ms] { return steady_now() > end; });
    with.output.prepare(with.clip(2));
    with.output.start_at(2, steady_now());
    CHECK(with.runs() == 2);
    REQUIRE(with.until([&] { return with.player->tracks.at(run).stopped; }));
  }
}

TEST_CASE("an output that was held up begins where the sound then is") {
  Transmitter with;
  with.output.prepare(with.clip(1));
  const auto due = steady_now() - 1500ms;
  SECTION("it was told late") {
    with.output.start_at(1, due, due - 500ms);
    REQUIRE(with.runs() == 2);
    const auto& run = with.player->last();
    CHECK(in_ms(*run.due - due) == Approx(static_cast<double>(run.track.offset.count())).margin(2));
    CHECK(*run.due > steady_now());
  }
  SECTION("the main output itself was told late: both begin late") {
    with.output.start_at(1, due);
    REQUIRE(with.runs() == 1);
    CHECK(with.player->last().track.offset == 0ms);
  }
}

TEST_CASE("a busy device is tried again at the latest when the sound is due") {
  Transmitter with;
  with.output.prepare(with.clip(1));
  const auto due = steady_now() + 700ms;
  with.output.start_at(1, due);
  with.player->failed(with.player->order.back(), node::TrackFault::device, 0ms);
  REQUIRE(with.until([&] { return with.runs() == 2; }));
  CHECK(steady_now() - due < 500ms);
}

TEST_CASE("of a stream a second output hears what the main one took, a second later") {
  const auto feed = std::make_shared<node::StreamFeed>();
  const auto echo = feed->echo();
  feed->hold(100ms);
  std::vector<std::int16_t> sound(48'000 * 6), taken(960), heard(960);
  for (std::size_t i = 0; i < sound.size(); ++i) sound[i] = static_cast<std::int16_t>(1000 + i % 7000);
  REQUIRE(feed->put(sound));
  std::vector<std::int16_t> main, second;
  const bool player = GENERATE(true, false);
  if (player) feed->play(true);
  for (int step = 0; step < 200; ++step) {
    if (player) {
      feed->take(taken);
      main.insert(main.end(), taken.begin(), taken.end());
    } else {
      feed->pass(20ms);
    }
    echo->take(heard);
    second.insert(second.end(), heard.begin(), heard.end());
  }
  const auto first = (std::find_if(second.begin(), second.end(), [](auto sample) { return sample != 0; }) - second.begin()) / 960 * 960;
  CHECK(first >= 48'000 - 960);
  CHECK(first <= 48'000 + 960);
  if (player) CHECK(std::equal(second.begin() + first, second.end(), main.begin()));
}
