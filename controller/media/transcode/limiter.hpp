#pragma once
#include <cstddef>
#include <deque>
#include <span>
#include <utility>
#include <vector>

namespace loa::media {

/// A look-ahead true-peak limiter for mono 48 kHz sound: gain, then 5 ms of look-ahead so that the level
/// falls before a peak and not at it. Peaks between samples are found by fourfold interpolation (ITU-R
/// BS.1770-4 annex 2).
class Limiter {
 public:
  Limiter(double gain_db, double ceiling_dbtp);
  /// Appends to `out` what is ready: as many samples as were put in, less the look-ahead.
  void push(std::span<const float> in, std::vector<float>& out);
  /// Appends the last samples; all together are then as many as were put in.
  void finish(std::vector<float>& out);

 private:
  void step(float sample, std::vector<float>& out);
  float peak_near() const;
  float least_wanted();

  float gain_, ceiling_;
  std::vector<float> delay_;  ///< ring of samples with gain
  std::deque<std::pair<std::size_t, float>>
      wanted_;                 ///< gains below 1 in the look-ahead, rising: the front is the least
  std::vector<float> lowest_;  ///< ring: least wanted gain over the look-ahead, to be averaged
  double lowest_sum_ = 0;
  float released_ = 1;
  std::size_t count_ = 0;       ///< samples put in
  std::size_t quiet_from_ = 0;  ///< since this count no sample came near the ceiling
};

}  // namespace loa::media
