#pragma once
#include <ebur128.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace loa::media {

/// Integrated loudness and true peak of mono 48 kHz sound by EBU R128 / ITU-R BS.1770.
class Meter {
 public:
  enum class Kind { loudness, loudness_and_peak };
  explicit Meter(Kind kind = Kind::loudness_and_peak);
  void add(std::span<const float> samples);
  /// LUFS; minus infinity where nothing was loud or long enough to count.
  double lufs() const;
  /// dBTP; minus infinity for digital silence, or where only loudness is measured.
  double true_peak_dbtp() const;

 private:
  struct Destroy {
    void operator()(ebur128_state* state) const { ebur128_destroy(&state); }
  };
  std::unique_ptr<ebur128_state, Destroy> state_;
};

/// Loudness over time in windows of 10 ms, to find where sound begins and ends.
class Envelope {
 public:
  void add(std::span<const float> samples);
  std::int64_t samples() const { return samples_; }

  /// Half-open range of samples to keep.
  struct Range {
    std::int64_t from = 0;
    std::int64_t to = 0;
  };
  /// The sound with a short pad at both ends; empty where nothing rises above silence.
  Range sound() const;

 private:
  std::vector<float> windows_;  ///< mean square of each whole or last window
  double sum_ = 0;
  std::int64_t samples_ = 0;
};

}  // namespace loa::media
