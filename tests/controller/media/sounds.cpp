#include "tests/controller/media/sounds.hpp"

#include <ebur128.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <fstream>
#include <numbers>
#include <random>
#include <sstream>

#include "controller/media/clip_json.hpp"
#include "process/run.hpp"
#include "tests/support/places.hpp"

namespace loa::media::testing {

namespace fs = std::filesystem;

Samples speech(double seconds, double level) {
  std::mt19937 random(7);
  Samples samples(static_cast<std::size_t>(seconds * 48'000));
  double phase = 0, loud = 0, pitch = 120;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i % 9'600 == 0) {  // a syllable every 200 ms, every sixth a pause
      loud = random() % 6 == 0 ? 0 : 0.3 + 0.7 * static_cast<double>(random() % 100) / 100;
      pitch = 90 + static_cast<double>(random() % 80);
    }
    const double shape = std::sin(std::numbers::pi * static_cast<double>(i % 9'600) / 9'600);
    phase += pitch / 48'000;
    double voice = 0;
    for (int harmonic = 1; harmonic < 20; ++harmonic)
      voice += std::sin(2 * std::numbers::pi * harmonic * phase) / harmonic;
    samples[i] = static_cast<float>(level * loud * shape * voice * 0.5);
  }
  return samples;
}

Samples silence(double seconds) { return Samples(static_cast<std::size_t>(seconds * 48'000)); }

Samples sine(double seconds, double hertz, double level) {
  Samples samples = silence(seconds);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] =
        static_cast<float>(level * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / 48'000));
  return samples;
}

Samples operator+(Samples a, const Samples& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

namespace {

template <class T>
void put(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

fs::path write_wav(const fs::path& file, const Samples& samples, int channels, int rate) {
  std::string data;
  for (const float x : samples)
    for (int c = 0; c < channels; ++c)
      put(data, static_cast<std::int16_t>(std::lrint(std::clamp(x, -1.0F, 1.0F) * 32767)));
  std::string bytes = "RIFF";
  put(bytes, static_cast<std::uint32_t>(data.size() + 36));
  bytes += "WAVEfmt ";
  put(bytes, std::uint32_t{16});
  put(bytes, std::uint16_t{1});
  put(bytes, static_cast<std::uint16_t>(channels));
  put(bytes, static_cast<std::uint32_t>(rate));
  put(bytes, static_cast<std::uint32_t>(rate * channels * 2));
  put(bytes, static_cast<std::uint16_t>(channels * 2));
  put(bytes, std::uint16_t{16});
  bytes += "data";
  put(bytes, static_cast<std::uint32_t>(data.size()));
  return write_bytes(file, bytes + data);
}

fs::path encode(const fs::path& wav, const std::string& elements, const fs::path& out) {
  process::Command command{.argv = {"gst-launch-1.0", "-q", "filesrc", "location=" + wav.string(), "!",
                                    "wavparse", "!", "audioconvert", "!", "audioresample", "!"}};
  std::istringstream words(elements);
  for (std::string word; words >> word;) command.argv.push_back(word);
  command.argv.insert(command.argv.end(), {"!", "filesink", "location=" + out.string()});
  process::Limits limits;
  limits.memory_bytes = 0;
  const auto outcome = process::run(command, limits);
  INFO(outcome.err);
  REQUIRE(outcome.ok());
  return out;
}

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

fs::path write_bytes(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

Result<Clip> run_transcoder(const fs::path& in, const fs::path& out, const std::vector<std::string>& more,
                            std::vector<int>* percents) {
  process::Command command{.argv = {(tests::program_folder() / "loa-transcode").string(), "--json", "--in",
                                    in.string(), "--out", out.string()}};
  command.argv.insert(command.argv.end(), more.begin(), more.end());
  process::Limits limits;
  limits.memory_bytes = 0;
  limits.wall = std::chrono::seconds(100);
  boost::json::object last;
  const auto outcome = process::run(command, limits, {}, [&](std::string_view line) {
    const auto object = boost::json::parse({line.data(), line.size()}).as_object();
    if (const auto* percent = object.if_contains("progress")) {
      if (percents) percents->push_back(percent->to_number<int>());
    } else {
      last = object;
    }
  });
  INFO(outcome.message << " " << outcome.err);
  REQUIRE_FALSE(last.empty());
  CHECK(outcome.ok() == !last.contains("code"));
  CHECK((fs::file_size(out) > 0) == outcome.ok());
  return clip_from_json(last);
}

Heard listen(const fs::path& clip) {
  const auto raw = clip.string() + ".raw";
  const process::Command command{.argv = {"gst-launch-1.0", "-q", "filesrc", "location=" + clip.string(), "!",
                                          "oggdemux", "!", "opusdec", "!", "audioconvert", "!",
                                          "audio/x-raw,format=F32LE,channels=1,rate=48000", "!", "filesink",
                                          "location=" + raw}};
  process::Limits limits;
  limits.memory_bytes = 0;
  REQUIRE(process::run(command, limits).ok());
  const auto bytes = bytes_of(raw);
  Samples samples(bytes.size() / sizeof(float));
  std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(float));
  Heard heard{.samples = samples.size()};
  auto* meter = ebur128_init(1, 48'000, EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK);
  ebur128_add_frames_float(meter, samples.data(), samples.size());
  ebur128_loudness_global(meter, &heard.lufs);
  double peak = 0;
  ebur128_true_peak(meter, 0, &peak);
  heard.true_peak_dbtp = 20 * std::log10(peak);
  ebur128_destroy(&meter);
  fs::remove(raw);
  return heard;
}

}  // namespace loa::media::testing
