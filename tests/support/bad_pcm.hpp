#pragma once
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace loa::tests {

/// A sound device for a process of its own (`[sink] kind = "alsa"`, device "bad") that records what it lets be heard as it goes, so that also a killed
/// process leaves it, and has faults to order. Its time is CLOCK_MONOTONIC, whatever the process takes for the time of day.
class BadPcm {
 public:
  struct Stream {
    std::chrono::steady_clock::time_point first;  ///< when its first frame was heard
    int rate = 48000;
    std::vector<std::int16_t> samples;
  };

  explicit BadPcm(std::filesystem::path folder, int ppm = 0) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "asound.conf") << fmt::format("pcm_type.bad {{ lib \"{}\" }}\npcm.bad {{ type bad folder \"{}\" ppm {} }}\n", LOA_BAD_PCM,
                                                          folder_.string(), ppm);
  }
  std::string environment() const { return "ALSA_CONFIG_PATH=" + (folder_ / "asound.conf").string(); }

  /// vanish: gone, and cannot be opened. busy: cannot be opened. single: opened once, it cannot be a second time. hang: opening it does not return. hang-close, hang-start, hang-delay: that does not return. block: stands still. underrun: once, now. Empty: well again.
  void fault(const std::string& word) {
    if (word.empty()) {
      std::filesystem::remove(folder_ / "fault");
      return;
    }
    std::ofstream(folder_ / "fault.new") << word;
    std::filesystem::rename(folder_ / "fault.new", folder_ / "fault");
  }
  std::vector<Stream> heard() const {
    std::vector<Stream> streams;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path().extension() != ".pcm") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(in), {});
      std::int64_t head[2];
      if (bytes.size() < sizeof head) continue;
      std::memcpy(head, bytes.data(), sizeof head);
      Stream stream;
      stream.first += std::chrono::nanoseconds(head[0]);
      stream.rate = static_cast<int>(head[1]);
      stream.samples.resize((bytes.size() - sizeof head) / 2);
      std::memcpy(stream.samples.data(), bytes.data() + sizeof head, stream.samples.size() * 2);
      streams.push_back(std::move(stream));
    }
    return streams;
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace loa::tests
