#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace loa::tests {

/// What one stream of a TimedPcm let be heard.
struct HeardStream {
  std::chrono::steady_clock::time_point first;  ///< when its first frame was heard
  std::int64_t rate = 0;
  std::int64_t ppm = 0;  ///< by how much the device was faster than its rate
  std::vector<std::int16_t> samples;
  int number = 0;  ///< streams of a process count up

  std::chrono::steady_clock::time_point time_of(std::size_t frame) const {
    const double seconds = static_cast<double>(frame) / static_cast<double>(rate) / (1 + static_cast<double>(ppm) * 1e-6);
    return first + std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
  }
  /// The first and one past the last frame that is not silence.
  std::pair<std::size_t, std::size_t> loud() const {
    const auto is_loud = [](std::int16_t sample) { return std::abs(sample) > 500; };
    const auto from = std::find_if(samples.begin(), samples.end(), is_loud) - samples.begin();
    const auto to = samples.rend() - std::find_if(samples.rbegin(), samples.rend(), is_loud);
    return {static_cast<std::size_t>(from), static_cast<std::size_t>(to)};
  }
};

/// A sound card for machines without one: ALSA devices that play into nothing at CLOCK_MONOTONIC's pace and keep every frame with the
/// time at which a listener would have heard it. Device "timed" is a card whose pointer is exact; "mixer" is as dmix: it begins
/// up to a period after it is told to, its pointer moves by periods, and frames lie behind the pointer; "slow44" takes 44.1 kHz alone;
/// "fast_100ppm", "slow_400ppm" … have a clock that is off.
/// One object a process and folder: alsa-lib reads its configuration once.
class TimedPcm {
 public:
  explicit TimedPcm(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::ofstream conf(folder_ / "asound.conf");
    conf << fmt::format("pcm_type.timed {{ lib \"{}\" }}\n", LOA_TIMED_PCM);
    const auto device = [&](const char* name, const char* more) {
      conf << fmt::format("pcm.{} {{ type timed folder \"{}\" hint {{ show on description \"tests\" }} {} }}\n", name, folder_.string(), more);
    };
    device("timed", "");
    device("mixer", "start_delay_us 15000 step 1024 extra_delay 300");
    device("slow44", "rate 44100");
    for (const int ppm : {100, 400}) {
      device(fmt::format("fast_{}ppm", ppm).c_str(), fmt::format("ppm {}", ppm).c_str());
      device(fmt::format("slow_{}ppm", ppm).c_str(), fmt::format("ppm -{}", ppm).c_str());
    }
    conf << "pcm.nothing { type null }\n";
    conf.close();
    ::setenv("ALSA_CONFIG_PATH", (folder_ / "asound.conf").c_str(), 1);
  }

  /// The streams that ended, those of process `pid` alone where it is given, in their order.
  std::vector<HeardStream> heard(int pid = 0) const { return heard_in(folder_, pid); }
  /// The same, of a folder that another process played in.
  static std::vector<HeardStream> heard_in(const std::filesystem::path& folder, int pid = 0) {
    std::vector<HeardStream> streams;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".pcm") continue;
      int process = 0, number = 0;
      if (std::sscanf(entry.path().filename().c_str(), "%d-%d", &process, &number) != 2 || (pid != 0 && process != pid)) continue;
      streams.push_back(read(entry.path(), number));
    }
    std::sort(streams.begin(), streams.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    return streams;
  }

 private:
  static HeardStream read(const std::filesystem::path& file, int number) {
    std::ifstream in(file, std::ios::binary);
    std::int64_t head[3];
    in.read(reinterpret_cast<char*>(head), sizeof head);
    HeardStream stream;
    stream.first += std::chrono::nanoseconds(head[0]);
    stream.rate = head[1];
    stream.ppm = head[2];
    stream.number = number;
    stream.samples.resize((std::filesystem::file_size(file) - sizeof head) / 2);
    in.read(reinterpret_cast<char*>(stream.samples.data()), static_cast<std::streamsize>(stream.samples.size() * 2));
    return stream;
  }

  std::filesystem::path folder_;
};

}  // namespace loa::tests
