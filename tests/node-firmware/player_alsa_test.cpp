#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <map>

#include "node-firmware/player_gst.hpp"
#include "node-firmware/stream_feed.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/opus_files.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/timed_pcm.hpp"

using namespace loa;
using namespace std::chrono_literals;
using node::SteadyTime;
using node::TrackEnd;

namespace {

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }
double ms(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

/// Plays on a device that keeps what was heard when.
struct Card {
  tests::TempFolder folder;
  tests::TimedPcm pcm{folder.path()};
  boost::asio::io_context loop;
  protocol::SystemClock clock;
  std::map<node::TrackId, node::TrackStarted> started;
  std::map<node::TrackId, node::TrackEnded> ended;
  bool prepared = false;
  std::unique_ptr<node::Player> player;

  explicit Card(const std::string& device) {
    node::PlayerSettings settings;
    settings.device = device;
    settings.stall_limit = 1000ms;
    player = node::make_gst_player(loop.get_executor(), clock, settings,
                                   {[this](node::TrackId) { prepared = true; },
                                    [this](const node::TrackStarted& s) { started[s.track] = s; },
                                    [this](const node::TrackEnded& e) { ended[e.track] = e; }});
  }
  std::filesystem::path clip(int length_ms) {
    const auto file = folder / ("clip" + std::to_string(length_ms) + ".opus");
    tests::make_opus(file, length_ms, 440);
    return file;
  }
  void prepare(const node::Track& track) {
    prepared = false;
    player->prepare(track);
    REQUIRE(tests::run_until(loop, [&] { return prepared; }));
  }
  const node::TrackEnded& wait_ended(node::TrackId id) {
    REQUIRE(tests::run_until(loop, [&] { return ended.count(id) > 0; }));
    return ended.at(id);
  }
};

struct DeviceCase {
  const char* device;
  double margin_ms;  ///< of the start; a mixer whose pointer moves by periods is known to about a reading's distance
};

}  // namespace

TEST_CASE("a device sounds a clip when it is due, from its first to its last sample") {
  const auto [device, margin_ms] =
      GENERATE(DeviceCase{"timed", 3}, DeviceCase{"mixer", 4}, DeviceCase{"slow44", 3});
  const int length = GENERATE(40, 100, 500);
  CAPTURE(device, length);
  Card card(device);
  card.prepare({1, card.clip(length)});
  const SteadyTime due = steady_now() + 400ms;
  card.player->start_at(1, due);
  const auto& end = card.wait_ended(1);
  CHECK(end.how == TrackEnd::finished);
  CHECK(end.heard == node::Millis{length});

  const auto streams = card.pcm.heard();
  REQUIRE(streams.size() == 1);
  const auto [from, to] = streams[0].loud();
  REQUIRE(from < to);
  CHECK(ms(streams[0].time_of(from) - due) == Approx(0).margin(margin_ms));
  CHECK(ms(streams[0].time_of(to) - streams[0].time_of(from)) == Approx(length).margin(2));
  REQUIRE(card.started.count(1));
  CHECK(ms(card.started[1].at - streams[0].time_of(from)) == Approx(0).margin(2));
}

TEST_CASE("a device sounds a clip from its offset, when it is due") {
  Card card("timed");
  card.prepare({1, card.clip(500), 300ms});
  const SteadyTime due = steady_now() + 400ms;
  card.player->start_at(1, due);
  CHECK(card.wait_ended(1).heard == 200ms);
  const auto streams = card.pcm.heard();
  REQUIRE(streams.size() == 1);
  const auto [from, to] = streams[0].loud();
  CHECK(ms(streams[0].time_of(from) - due) == Approx(0).margin(3));
  CHECK(ms(streams[0].time_of(to) - streams[0].time_of(from)) == Approx(200).margin(2));
}

TEST_CASE("a device sounds a stream from when it is due, for its length") {
  const std::string device = GENERATE("timed", "slow44");
  CAPTURE(device);
  Card card(device);
  node::Track track{1};
  track.stream = std::make_shared<node::StreamFeed>();
  track.length = 500ms;
  std::vector<std::int16_t> tone(48 * 5'000);
  for (std::size_t i = 0; i < tone.size(); ++i) tone[i] = i / 55 % 2 == 0 ? 9'000 : -9'000;
  track.stream->put(tone);
  card.prepare(track);
  const SteadyTime due = steady_now() + 400ms;
  card.player->start_at(1, due);
  const auto& end = card.wait_ended(1);
  CHECK(end.how == TrackEnd::finished);
  CHECK(end.heard > 400ms);
  const auto streams = card.pcm.heard();
  REQUIRE(streams.size() == 1);
  const auto [from, to] = streams[0].loud();
  REQUIRE(from < to);
  // What was prerolled before it was told to begin is silence, so that no old sound comes with it.
  CHECK(ms(streams[0].time_of(from) - due) > -3);
  CHECK(ms(streams[0].time_of(from) - due) < 70);
  CHECK(ms(streams[0].time_of(to) - due) == Approx(500).margin(5));
}

TEST_CASE("a device sounds the whole of a clip that is due at once, a little late, and says how late") {
  Card card("timed");
  card.prepare({1, card.clip(100)});
  const SteadyTime due = steady_now();
  card.player->start_at(1, due);
  CHECK(card.wait_ended(1).how == TrackEnd::finished);
  const auto streams = card.pcm.heard();
  REQUIRE(streams.size() == 1);
  const auto [from, to] = streams[0].loud();
  CHECK(ms(streams[0].time_of(to) - streams[0].time_of(from)) == Approx(100).margin(2));
  CHECK(ms(streams[0].time_of(from) - due) < 250);
  REQUIRE(card.started.count(1));
  CHECK(double(card.started[1].error_us) / 1000 == Approx(ms(streams[0].time_of(from) - due)).margin(3));
}

TEST_CASE("a track is ended while its device is being learnt") {
  Card card("timed");
  card.prepare({1, card.clip(500)});
  card.player->start_at(1, steady_now() + 100ms);
  const SteadyTime asked = steady_now();
  card.player->stop(1);
  CHECK(card.wait_ended(1).how == TrackEnd::stopped);
  CHECK(card.ended[1].heard == 0ms);
  CHECK(steady_now() - asked < 100ms);
}

TEST_CASE("a device that does not keep time fails the track in words") {
  Card card("nothing");
  card.prepare({1, card.clip(500)});
  card.player->start_at(1, steady_now() + 300ms);
  const auto& end = card.wait_ended(1);
  CHECK(end.how == TrackEnd::failed);
  CHECK(end.reason == "player_error");
  CHECK_THAT(end.detail, Catch::Contains("does not keep time"));
}

TEST_CASE("a track that waits for its time on a device is told another") {
  struct Row {
    const char* name;
    std::chrono::milliseconds first, then;
  };
  const auto row = GENERATE(Row{"sooner", 900ms, 450ms}, Row{"later", 450ms, 900ms}, Row{"later, while the device is learnt", 310ms, 600ms});
  CAPTURE(row.name);
  Card card("timed");
  card.prepare({1, card.clip(100)});
  const SteadyTime now = steady_now();
  card.player->start_at(1, now + row.first);
  CHECK_FALSE(tests::run_until(card.loop, [] { return false; }, 150ms));
  card.player->start_at(1, now + row.then);
  CHECK(card.wait_ended(1).how == TrackEnd::finished);
  const auto streams = card.pcm.heard();
  REQUIRE(streams.size() == 1);
  const auto [from, to] = streams[0].loud();
  CAPTURE(ms(streams[0].first - now), card.started[1].error_us);
  CHECK(ms(streams[0].time_of(from) - (now + row.then)) == Approx(0).margin(3));
  CHECK(ms(streams[0].time_of(to) - streams[0].time_of(from)) == Approx(100).margin(2));
}
