#pragma once
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temp_folder.hpp"

namespace loa::tests {

/// A line-in for machines without one: the ALSA capture device "ear" gives, at CLOCK_MONOTONIC's pace, a sine on one of its two sides, as loud as
/// the test says now. For another program its environment() is enough.
class EarPcm {
 public:
  EarPcm() {
    std::ofstream(folder_ / "asound.conf") << fmt::format("pcm_type.ear {{ lib \"{}\" }}\npcm.ear {{ type ear file \"{}\" }}\n", LOA_EAR_PCM,
                                                          (folder_ / "amplitude").string());
    hear(0);
  }
  /// The amplitude from now on: 1 is full scale.
  void hear(double amplitude) {
    std::ofstream(folder_ / "amplitude.new") << amplitude << "\n";
    std::filesystem::rename(folder_ / "amplitude.new", folder_ / "amplitude");
  }
  /// The device is pulled out.
  void unplug() { std::filesystem::remove(folder_ / "amplitude"); }
  std::string config() const { return (folder_ / "asound.conf").string(); }
  std::vector<std::string> environment() const { return {"ALSA_CONFIG_PATH=" + config()}; }

 private:
  TempFolder folder_;
};

}  // namespace loa::tests
