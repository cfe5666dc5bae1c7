#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "node-firmware/player_gst.hpp"
#include "tests/support/bad_pcm.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/opus_files.hpp"
#include "tests/support/temp_folder.hpp"

// Devices that stand still in mid-play, and clips that the disk does not give.

using namespace loa;
using namespace std::chrono_literals;
using node::SteadyTime;
using node::TrackEnd;
using node::TrackFault;

namespace {

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

struct Player {
  explicit Player(node::SinkKind sink) {
    node::PlayerSettings settings;
    settings.sink = sink;
    settings.device = "bad";
    ::setenv("ALSA_CONFIG_PATH", (folder / "device/asound.conf").c_str(), 1);
    player = node::make_gst_player(loop.get_executor(), clock, settings,
                                   {[this](node::TrackId) { prepared = true; }, [](const node::TrackStarted&) {},
                                    [this](const node::TrackEnded& e) { ended = e; }});
  }
  bool until(const std::function<bool()>& done, std::chrono::milliseconds limit = 10s) { return tests::run_until(loop, done, limit); }

  tests::TempFolder folder;
  tests::BadPcm device{folder / "device"};
  boost::asio::io_context loop;
  protocol::SystemClock clock;
  bool prepared = false;
  std::optional<node::TrackEnded> ended;
  std::unique_ptr<node::Player> player;
};

/// Seconds of sound that are heard after `from`.
double heard_after(const tests::BadPcm& device, SteadyTime from) {
  double seconds = 0;
  for (const auto& stream : device.heard())
    for (std::size_t frame = 0; frame < stream.samples.size(); ++frame)
      if (std::abs(stream.samples[frame]) > 500 && stream.first + std::chrono::microseconds(frame * 1'000'000 / static_cast<std::size_t>(stream.rate)) > from)
        seconds += 1.0 / stream.rate;
  return seconds;
}

}  // namespace

TEST_CASE("a device that stands still ends the track with what was heard, and nothing is heard late of it") {
  struct Row {
    const char* name;
    std::chrono::milliseconds stands;
    TrackFault fault;
  };
  const auto row = GENERATE(Row{"for good", 1500ms, TrackFault::device}, Row{"for a moment", 220ms, TrackFault::behind});
  INFO(row.name);
  Player with(node::SinkKind::alsa);
  const auto clip = with.folder / "clip.opus";
  tests::make_opus(clip, 4000, 440);
  with.player->prepare({1, clip});
  REQUIRE(with.until([&] { return with.prepared; }));
  const SteadyTime due = steady_now() + 400ms;
  with.player->start_at(1, due);
  with.until([&] { return steady_now() > due + 1s; });
  with.device.fault("block");
  const auto blocked = steady_now();
  with.until([&] { return steady_now() > blocked + row.stands; });
  with.device.fault("");
  const auto well = steady_now();
  REQUIRE(with.until([&] { return with.ended.has_value(); }, 2s));
  CHECK(with.ended->how == TrackEnd::failed);
  CHECK(with.ended->reason == "stalled");
  CHECK(with.ended->fault == row.fault);
  CHECK(with.ended->heard >= 900ms);
  CHECK(with.ended->heard <= (row.fault == TrackFault::device ? 1100ms : 1300ms));
  std::this_thread::sleep_for(300ms);  // what an ended pipeline might still let be heard
  with.player.reset();
  CHECK(heard_after(with.device, well) < (row.fault == TrackFault::device ? 0.05 : 0.25));
}

TEST_CASE("a device that stands still for good is tried four times and no more, and once it goes on the next track sounds") {
  Player with(node::SinkKind::alsa);
  const auto clip = with.folder / "clip.opus";
  tests::make_opus(clip, 1000, 440);
  const auto play = [&](node::TrackId id) {
    with.ended.reset();
    with.prepared = false;
    with.player->prepare({id, clip});
    REQUIRE(with.until([&] { return with.prepared || with.ended; }));
    if (with.prepared) with.player->start_at(id, steady_now() + 300ms);
    REQUIRE(with.until([&] { return with.ended.has_value(); }));
  };
  with.device.fault("block");
  for (node::TrackId id = 1; id <= 7; ++id) {
    play(id);
    CHECK(with.ended->how == TrackEnd::failed);
    CHECK(with.ended->fault == TrackFault::device);
    CHECK(with.ended->heard == 0ms);
    CHECK((with.ended->detail == "the device still stands") == (id > 4));
  }
  with.device.fault("");
  with.until([] { return false; }, 500ms);
  play(9);
  CHECK(with.ended->how == TrackEnd::finished);
  CHECK(with.ended->heard == 1000ms);
}

TEST_CASE("no call that a device never answers holds up the loop, and once it is well the next track sounds") {
  struct Row {
    const char* word;
    std::chrono::milliseconds hangs_from;  // from the due time on
  };
  const auto row = GENERATE(values<Row>({{"hang", -300ms}, {"hang-start", -250ms}, {"hang-delay", -20ms}, {"hang-delay", 400ms}, {"hang-close", 400ms}}));
  DYNAMIC_SECTION(row.word << " from " << row.hangs_from.count() << " ms on") {
    Player with(node::SinkKind::alsa);
    const auto clip = with.folder / "clip.opus";
    tests::make_opus(clip, 1000, 440);
    const auto play = [&](node::TrackId id, bool hangs) {
      with.ended.reset();
      with.prepared = false;
      if (hangs && row.word == std::string("hang")) with.device.fault("hang");
      with.player->prepare({id, clip});
      const auto due = steady_now() + 400ms;
      with.player->start_at(id, due);
      auto looked = steady_now();
      std::chrono::nanoseconds longest{0};
      boost::asio::steady_timer ticks(with.loop);
      const std::function<void()> tick = [&] {
        ticks.expires_after(5ms);
        ticks.async_wait([&](const boost::system::error_code& error) {
          if (!error) tick();
        });
      };
      tick();
      REQUIRE(with.until([&] {
        longest = std::max<std::chrono::nanoseconds>(longest, steady_now() - looked);
        looked = steady_now();
        if (hangs && steady_now() >= due + row.hangs_from) with.device.fault(row.word);
        return with.ended.has_value();
      }));
      CHECK(longest < 1500ms);
    };
    play(1, true);
    const auto stood = steady_now();
    play(2, true);
    CHECK(steady_now() - stood < 8s);
    with.device.fault("");
    with.until([] { return false; }, 300ms);
    play(3, false);
    CHECK(with.ended->how == TrackEnd::finished);
    CHECK(with.ended->heard == 1000ms);
    with.device.fault(row.word);  // and nobody waits at the end either
    const auto end = steady_now();
    with.player.reset();
    CHECK(steady_now() - end < 1500ms);
    with.device.fault("");
  }
}

TEST_CASE("a clip that the disk does not give fails by the disk's fault, one that does not decode by its own") {
  struct Row {
    const char* name;
    std::function<void(const std::filesystem::path&)> make;
    TrackFault fault;
    const char* reason;
  };
  const std::vector<Row> rows{{"a folder", [](const auto& file) { std::filesystem::create_directory(file); }, TrackFault::file, "disk"},
                              {"gone", [](const auto&) {}, TrackFault::file, "disk"},
                              {"no Ogg", [](const auto& file) { std::ofstream(file) << std::string(5000, 'x'); }, TrackFault::clip, "player_error"}};
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Player with(node::SinkKind::null);
      row.make(with.folder / "clip.opus");
      with.player->prepare({1, with.folder / "clip.opus"});
      REQUIRE(with.until([&] { return with.ended.has_value(); }));
      CHECK(with.ended->fault == row.fault);
      CHECK(with.ended->reason == row.reason);
    }
  }
}
