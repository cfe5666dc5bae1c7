#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>

#include "node-firmware/player_gst.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/opus_files.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace std::chrono_literals;
using node::SteadyTime;
using node::TrackEnd;

namespace {

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

/// A player with what it reported.
struct Bench {
  tests::TempFolder folder;
  boost::asio::io_context loop;
  protocol::SystemClock clock;
  std::map<node::TrackId, int> prepared;
  std::map<node::TrackId, node::TrackStarted> started;
  std::map<node::TrackId, node::TrackEnded> ended;
  int ends = 0;
  std::unique_ptr<node::Player> player;

  explicit Bench(node::SinkKind sink = node::SinkKind::null, const std::string& device = {}) {
    node::PlayerSettings settings;
    settings.sink = sink;
    settings.wav = folder / "out.wav";
    settings.device = device;
    settings.preroll_limit = 1500ms;
    settings.stall_limit = 400ms;
    player = node::make_gst_player(loop.get_executor(), clock, settings,
                                   {[this](node::TrackId id) { ++prepared[id]; },
                                    [this](const node::TrackStarted& s) { started[s.track] = s; },
                                    [this](const node::TrackEnded& e) { ended[e.track] = e, ++ends; }});
  }
  std::filesystem::path clip(const std::string& name, int ms, int hertz = 440) {
    const auto file = folder / name;
    tests::make_opus(file, ms, hertz);
    return file;
  }
  void wait_prepared(node::TrackId id) {
    REQUIRE(tests::run_until(loop, [&] { return prepared.count(id) || ended.count(id); }));
    REQUIRE(prepared.count(id));
  }
  void wait_started(node::TrackId id) { REQUIRE(tests::run_until(loop, [&] { return started.count(id) > 0; })); }
  const node::TrackEnded& wait_ended(node::TrackId id) {
    REQUIRE(tests::run_until(loop, [&] { return ended.count(id) > 0; }));
    return ended.at(id);
  }
  /// Lets the loop run for a part of the sound.
  void play_for(std::chrono::milliseconds time) {
    boost::asio::steady_timer timer(loop, time);
    bool over = false;
    timer.async_wait([&](auto) { over = true; });
    REQUIRE(tests::run_until(loop, [&] { return over; }));
  }
};

std::vector<std::int16_t> read_wav(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  REQUIRE(bytes.size() >= 44);
  REQUIRE(bytes.substr(0, 4) == "RIFF");
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data() + 40, 4);
  REQUIRE(size == bytes.size() - 44);
  std::vector<std::int16_t> samples(size / 2);
  std::memcpy(samples.data(), bytes.data() + 44, samples.size() * 2);
  return samples;
}

double rms(const std::vector<std::int16_t>& samples, std::size_t from, std::size_t count) {
  double sum = 0;
  for (std::size_t i = from; i < from + count; ++i) sum += double(samples.at(i)) * samples.at(i);
  return count == 0 ? 0.0 : std::sqrt(sum / double(count));
}

std::size_t first_loud(const std::vector<std::int16_t>& samples) {
  std::size_t i = 0;
  while (i < samples.size() && std::abs(samples[i]) < 500) ++i;
  return i;
}

}  // namespace

TEST_CASE("a prerolled clip starts when it is due and is heard to the millisecond") {
  Bench bench;
  bench.player->prepare({1, bench.clip("a.opus", 500)});
  bench.wait_prepared(1);
  const SteadyTime due = steady_now() + 200ms;
  bench.player->start_at(1, due);
  const auto& end = bench.wait_ended(1);
  CHECK(end.how == TrackEnd::finished);
  CHECK(end.heard == 500ms);
  CHECK(end.reason == "");
  REQUIRE(bench.started.count(1));
  CHECK(std::abs(bench.started[1].error_us) < 20'000);
  CHECK(steady_now() - due >= 490ms);
  REQUIRE(end.level_dbfs);
  CHECK(*end.level_dbfs == Approx(-9.03).margin(1.0));  // a sine of half amplitude
}

TEST_CASE("a start asked for before preroll is done takes effect all the same") {
  Bench bench;
  bench.player->prepare({1, bench.clip("a.opus", 200)});
  bench.player->start_at(1, steady_now() - 5ms);
  CHECK(bench.wait_ended(1).heard == 200ms);
  CHECK(bench.started[1].error_us >= 5000);
}

TEST_CASE("a clip begins at its offset to the sample") {
  Bench bench;
  const auto file = bench.clip("a.opus", 1000);
  for (const int offset : {1, 137, 500, 873}) {
    const auto id = static_cast<node::TrackId>(offset);
    bench.player->prepare({id, file, node::Millis{offset}});
    bench.wait_prepared(id);
    bench.player->start_at(id, steady_now());
    CHECK(bench.wait_ended(id).heard == node::Millis{1000 - offset});
  }
}

TEST_CASE("a clip ends after its length with a fade") {
  Bench bench(node::SinkKind::wav);
  bench.player->prepare({1, bench.clip("a.opus", 1000), 0ms, 250ms});
  bench.player->start_at(1, steady_now() + 50ms);
  const auto& end = bench.wait_ended(1);
  CHECK(end.how == TrackEnd::finished);
  CHECK(end.heard == 250ms);
  bench.player.reset();
  const auto samples = read_wav(bench.folder / "out.wav");
  const std::size_t first = first_loud(samples);
  CHECK(rms(samples, first + 11000, 500) > 5000);
  CHECK(std::abs(samples.at(first + 11990)) < 1000);  // just before the cut it is faded
  CHECK(samples.size() < first + 12010 + 4800);
  const std::size_t end_of_sound = std::min(samples.size(), first + 12000);
  CHECK(rms(samples, end_of_sound, samples.size() - end_of_sound) < 1);
}

TEST_CASE("what stop leaves and a later track takes up make the whole clip") {
  Bench bench;
  const auto file = bench.clip("a.opus", 1500);
  bench.player->prepare({1, file});
  bench.player->start_at(1, steady_now());
  bench.wait_started(1);
  bench.play_for(300ms);
  const SteadyTime asked = steady_now();
  bench.player->stop(1);
  const auto& first = bench.wait_ended(1);
  CHECK(first.how == TrackEnd::stopped);
  CHECK(steady_now() - asked < 150ms);
  CHECK(first.heard > 250ms);
  CHECK(first.heard < 600ms);
  bench.player->prepare({2, file, first.heard});
  bench.wait_prepared(2);
  bench.player->start_at(2, steady_now());
  CHECK(first.heard + bench.wait_ended(2).heard == 1500ms);
}

TEST_CASE("an urgent track takes over at once and the first one goes on where it was") {
  Bench bench(node::SinkKind::wav);
  const auto file = bench.clip("a.opus", 900, 400);
  bench.player->prepare({1, file});
  bench.player->prepare({2, bench.clip("b.opus", 300, 2000)});
  bench.wait_prepared(1);
  bench.wait_prepared(2);
  const SteadyTime due = steady_now() + 50ms;
  bench.player->start_at(1, due);
  bench.wait_started(1);
  bench.play_for(300ms);
  const SteadyTime now = steady_now();
  bench.player->start_at(2, now);
  bench.player->stop(1);
  const auto heard = bench.wait_ended(1).heard;
  CHECK_FALSE(bench.ended.count(2));
  CHECK(bench.started.at(2).error_us < 20'000);
  bench.player->prepare({3, file, heard});
  bench.wait_prepared(3);
  CHECK(bench.wait_ended(2).heard == 300ms);
  bench.player->start_at(3, steady_now());
  CHECK(heard + bench.wait_ended(3).heard == 900ms);
  bench.player.reset();
  const auto samples = read_wav(bench.folder / "out.wav");
  // From its first sound to the takeover there is no silence, nor just after it.
  const std::size_t first = first_loud(samples);
  CHECK(rms(samples, first + 14000, 4800) > 5000);
}

TEST_CASE("muted sound runs and counts and is silent") {
  Bench bench(node::SinkKind::wav);
  bench.player->prepare({1, bench.clip("a.opus", 400), 0ms, 0ms, 0});
  bench.player->start_at(1, steady_now());
  const auto& end = bench.wait_ended(1);
  CHECK(end.heard == 400ms);
  REQUIRE(end.level_dbfs);
  CHECK(*end.level_dbfs == -120.0);
  bench.player.reset();
  const auto samples = read_wav(bench.folder / "out.wav");
  CHECK(first_loud(samples) == samples.size());
}

TEST_CASE("the volume can change in mid-play") {
  Bench bench(node::SinkKind::wav);
  bench.player->prepare({1, bench.clip("a.opus", 800)});
  bench.player->start_at(1, steady_now());
  bench.wait_started(1);
  bench.play_for(300ms);
  bench.player->set_volume(1, 10);
  bench.wait_ended(1);
  bench.player.reset();
  const auto samples = read_wav(bench.folder / "out.wav");
  const std::size_t first = first_loud(samples);
  CHECK(rms(samples, first + 2400, 4800) > 8 * rms(samples, first + 31200, 4800));
}

TEST_CASE("two tracks in one recording keep the time between them") {
  Bench bench(node::SinkKind::wav);
  const auto file = bench.clip("a.opus", 100);
  const SteadyTime due = steady_now() + 150ms;
  bench.player->prepare({1, file});
  bench.player->prepare({2, file});
  bench.player->start_at(1, due);
  bench.player->start_at(2, due + 400ms);
  bench.wait_ended(2);
  bench.player.reset();
  auto samples = read_wav(bench.folder / "out.wav");
  const std::size_t first = first_loud(samples);
  std::fill(samples.begin() + long(first), samples.begin() + long(first) + 9600, std::int16_t{0});
  const std::size_t second = first_loud(samples);
  const double ms = double(second - first) / 48.0;
  const double wanted = 400.0 + double(bench.started[2].error_us - bench.started[1].error_us) / 1000.0;
  CHECK(ms == Approx(wanted).margin(1.0));
}

TEST_CASE("what cannot be played ends once as failed, within the limit") {
  struct Row {
    const char* name;
    std::string reason;
    std::function<void(const std::filesystem::path&)> spoil;
  };
  const auto write = [](const std::filesystem::path& file, std::size_t from, std::size_t count, char byte) {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(from));
    for (std::size_t i = 0; i < count; ++i) out.put(byte);
  };
  const std::vector<Row> rows = {
      {"no such file", "disk", [](auto& file) { std::filesystem::remove(file); }},
      {"an empty file", "player_error", [](auto& file) { std::filesystem::resize_file(file, 0); }},
      {"a text", "player_error", [](auto& file) { std::ofstream(file) << std::string(5000, 'x'); }},
      {"headers only", "player_error", [](auto& file) { std::filesystem::resize_file(file, 100); }},
      {"garbage for a header", "player_error", [&](auto& file) { write(file, 0, 60, 'x'); }},
  };
  for (const Row& row : rows) {
    SECTION(row.name) {
      Bench bench;
      const auto file = bench.clip("a.opus", 500);
      row.spoil(file);
      const SteadyTime asked = steady_now();
      bench.player->prepare({1, file});
      bench.player->start_at(1, steady_now());
      const auto& end = bench.wait_ended(1);
      CHECK(end.how == TrackEnd::failed);
      INFO(end.detail);
      CHECK(end.reason == row.reason);
      CHECK(end.heard == 0ms);
      CHECK(steady_now() - asked < 2500ms);
      bench.play_for(100ms);
      CHECK(bench.ends == 1);
    }
  }
}

TEST_CASE("a file broken inside says how much was heard, and ends") {
  struct Row {
    const char* name;
    std::function<void(const std::filesystem::path&)> spoil;
  };
  const std::vector<Row> rows = {
      {"cut in the middle", [](auto& file) { std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2); }},
      {"garbage from the middle on",
       [](auto& file) {
         const auto size = std::filesystem::file_size(file);
         std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
         out.seekp(static_cast<std::streamoff>(size / 2));
         for (std::size_t i = size / 2; i < size; ++i) out.put(static_cast<char>(i * 37));
       }},
  };
  for (const Row& row : rows) {
    SECTION(row.name) {
      Bench bench;
      const auto file = bench.clip("a.opus", 4000);
      row.spoil(file);
      bench.player->prepare({1, file});
      bench.player->start_at(1, steady_now());
      const auto& end = bench.wait_ended(1);
      INFO(end.reason << " " << end.detail);
      CHECK(end.heard > 1000ms);
      CHECK(end.heard < 3500ms);
      CHECK(bench.ends == 1);
    }
  }
}

TEST_CASE("a source that gives nothing is ended by the watchdog") {
  Bench bench;
  const auto pipe = bench.folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::fstream both(pipe);  // a writer that never writes, so that opening does not wait
  const SteadyTime asked = steady_now();
  bench.player->prepare({1, pipe});
  const auto& end = bench.wait_ended(1);
  CHECK(end.how == TrackEnd::failed);
  CHECK(steady_now() - asked < 3s);
}

TEST_CASE("an unknown track is ignored") {
  Bench bench;
  bench.player->start_at(7, steady_now());
  bench.player->stop(7);
  bench.player->set_volume(7, 10);
  bench.play_for(20ms);
  CHECK(bench.ends == 0);
}

TEST_CASE("a track stopped before it sounds ends with nothing heard") {
  Bench bench;
  bench.player->prepare({1, bench.clip("a.opus", 200)});
  bench.wait_prepared(1);
  bench.player->start_at(1, steady_now() + 10s);
  bench.player->stop(1);
  const auto& end = bench.wait_ended(1);
  CHECK(end.how == TrackEnd::stopped);
  CHECK(end.heard == 0ms);
  CHECK_FALSE(end.level_dbfs);
}

TEST_CASE("a sound card that is not there is a failure of each track") {
  Bench bench(node::SinkKind::alsa, "no-such-device");
  bench.player->prepare({1, bench.clip("a.opus", 200)});
  const auto& end = bench.wait_ended(1);
  CHECK(end.how == TrackEnd::failed);
  CHECK(end.reason == "player_error");
}

TEST_CASE("a track that waits for its time is told another") {
  struct Row {
    const char* name;
    std::chrono::milliseconds first, then;
  };
  const auto row = GENERATE(Row{"sooner", 900ms, 300ms}, Row{"later", 300ms, 900ms}, Row{"at once", 900ms, 0ms});
  CAPTURE(row.name);
  Bench bench;
  bench.player->prepare({1, bench.clip("a.opus", 100)});
  bench.wait_prepared(1);
  const SteadyTime now = steady_now();
  bench.player->start_at(1, now + row.first);
  bench.play_for(150ms);
  bench.player->start_at(1, now + row.then);
  CHECK(bench.wait_ended(1).heard == 100ms);
  const auto late = bench.started.at(1).at - std::max(now + row.then, now + 150ms);
  CHECK(late > -1ms);
  CHECK(late < 30ms);
  CHECK(bench.started.at(1).error_us == std::chrono::duration_cast<std::chrono::microseconds>(bench.started.at(1).at - (now + row.then)).count());
}

TEST_CASE("a track that sounds is told another time: it goes on") {
  Bench bench;
  bench.player->prepare({1, bench.clip("a.opus", 400)});
  bench.wait_prepared(1);
  const SteadyTime due = steady_now() + 50ms;
  bench.player->start_at(1, due);
  bench.wait_started(1);
  bench.player->start_at(1, due + 1s);
  CHECK(bench.wait_ended(1).heard == 400ms);
  CHECK(steady_now() < due + 700ms);
}
