#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "node-firmware/sink_wav.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace std::chrono_literals;
using node::WavRecording;

namespace {

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::int16_t> samples_of(const std::filesystem::path& file) {
  const std::string bytes = bytes_of(file);
  REQUIRE(bytes.size() >= 44);
  std::uint32_t riff = 0, data = 0;
  std::memcpy(&riff, bytes.data() + 4, 4);
  std::memcpy(&data, bytes.data() + 40, 4);
  CHECK(riff == bytes.size() - 8);
  CHECK(data == bytes.size() - 44);
  std::vector<std::int16_t> samples(data / 2);
  if (data > 0) std::memcpy(samples.data(), bytes.data() + 44, data);
  return samples;
}

struct Bench {
  tests::TempFolder folder;
  std::filesystem::path file = folder / "node.wav";
  protocol::SystemClock clock;
  std::unique_ptr<WavRecording> recording = std::make_unique<WavRecording>(file, clock);
  boost::json::object sidecar() const { return boost::json::parse(bytes_of(file.string() + ".json")).as_object(); }
};

}  // namespace

TEST_CASE("a recording that is not closed can be read after every write") {
  Bench bench;
  const std::vector<std::int16_t> sound(480, 1000);
  bench.recording->add(100, sound);
  const auto samples = samples_of(bench.file);
  REQUIRE(samples.size() == 580);
  CHECK(samples[99] == 0);
  CHECK(samples[100] == 1000);
  CHECK(samples[579] == 1000);
}

TEST_CASE("sounds that overlap are added and never wrap") {
  Bench bench;
  bench.recording->add(0, std::vector<std::int16_t>(10, 20000));
  bench.recording->add(5, std::vector<std::int16_t>(10, 20000));
  const auto samples = samples_of(bench.file);
  CHECK(samples[4] == 20000);
  CHECK(samples[5] == 32767);
  CHECK(samples[14] == 20000);
}

TEST_CASE("what lies before the recording is left out") {
  Bench bench;
  bench.recording->add(-8, std::vector<std::int16_t>(10, 7));
  CHECK(samples_of(bench.file) == std::vector<std::int16_t>{7, 7});
  bench.recording->add(-8, std::vector<std::int16_t>(3, 7));
  CHECK(samples_of(bench.file).size() == 2);
}

TEST_CASE("frames are time since the file was opened, and the sidecar says when that was") {
  Bench bench;
  const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto frame = bench.recording->frame_of(std::chrono::steady_clock::now());
  const auto opened = bench.sidecar().at("opened_us").as_int64();
  const double ms = double(now.time_since_epoch().count() - opened) / 1000.0;
  CHECK(double(frame) / 48.0 == Approx(ms).margin(20.0));
  bench.recording->add(4800, std::vector<std::int16_t>(10, 7));
  CHECK(bench.sidecar().at("first_frame").as_int64() == 4800);
  CHECK(bench.sidecar().at("first_sample").as_string().back() == 'Z');
}

TEST_CASE("a recording that was opened before the time was known says the time that was known at its first sample") {
  tests::TempFolder folder;
  tests::FakeClock clock(scheduler::from_ms(1'700'000'000'000));
  const auto file = folder.path() / "node.wav";
  const auto opened_us = [&] { return boost::json::parse(bytes_of(file.string() + ".json")).at("opened_us").as_int64(); };
  const auto ms_of = [](std::int64_t us) { return static_cast<double>(us) / 1000; };
  std::optional<WavRecording> recording;
  const std::vector<std::int16_t> sound(10, 7);

  SECTION("which may be later") {
    recording.emplace(file, clock);
    clock.set(clock.now() + 9min);
  }
  SECTION("or earlier than what an earlier start of the program guessed, which recorded nothing") {
    recording.emplace(file, clock);
    clock.set(clock.now() - 9min);
    recording.emplace(file, clock);
    clock.set(clock.now() + 3min);
  }
  const auto frame = recording->frame_of(std::chrono::steady_clock::now());
  recording->add(frame, sound);
  CHECK(ms_of(opened_us()) + static_cast<double>(frame) / 48 == Approx(static_cast<double>(scheduler::to_ms(clock.now()))).margin(20));
  const auto known = opened_us();
  clock.set(clock.now() + 1h);
  recording->add(frame + 10, sound);
  CHECK(opened_us() == known);
}

TEST_CASE("opened again, a recording goes on at its own time") {
  Bench bench;
  bench.recording->add(0, std::vector<std::int16_t>(10, 7));
  const auto moment = std::chrono::steady_clock::now() + 5s;
  const auto before = bench.recording->frame_of(moment);
  bench.recording = std::make_unique<WavRecording>(bench.file, bench.clock);
  CHECK(std::abs(bench.recording->frame_of(moment) - before) < 48 * 20);
  CHECK(samples_of(bench.file).at(0) == 7);
}

TEST_CASE("a file that is no recording of ours is begun anew") {
  Bench bench;
  bench.recording.reset();
  std::ofstream(bench.file.string() + ".json") << "[1]";
  bench.recording = std::make_unique<WavRecording>(bench.file, bench.clock);
  CHECK(samples_of(bench.file).empty());
  CHECK(bench.sidecar().contains("opened_us"));
}

TEST_CASE("a recording that cannot be made is an error at once") {
  protocol::SystemClock clock;
  CHECK_THROWS_WITH(WavRecording("/nowhere/x.wav", clock), "cannot write the recording /nowhere/x.wav");
}
