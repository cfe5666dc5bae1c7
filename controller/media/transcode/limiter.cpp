#include "controller/media/transcode/limiter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace loa::media {

namespace {

constexpr std::size_t kLook = 240;  // 5 ms
constexpr std::size_t kTaps = 16;   // of the interpolation, half of them ahead of the sample
constexpr std::size_t kHalf = kTaps / 2;
constexpr std::size_t kDelay = kHalf + kLook;  // the average then covers only gains that know of the sample
constexpr std::size_t kRing = 512;
static_assert(kRing > kDelay + kTaps);
constexpr float kNear = 0.4F;  // below this part of the ceiling no point between samples can reach it
constexpr float kRelease = 1.0F / (0.08F * 48'000);  // back up in about 80 ms

using Phase = std::array<float, kTaps>;

/// Hann-windowed sinc for the points 1/4, 2/4 and 3/4 between two samples.
std::array<Phase, 3> make_phases() {
  std::array<Phase, 3> phases{};
  for (std::size_t p = 0; p < phases.size(); ++p) {
    for (std::size_t i = 0; i < kTaps; ++i) {
      const double x = static_cast<double>(i) - (kHalf - 1) - (static_cast<double>(p) + 1) / 4;
      const double window = 0.5 + 0.5 * std::cos(std::numbers::pi * x / kHalf);
      phases[p][i] = static_cast<float>(window * std::sin(std::numbers::pi * x) / (std::numbers::pi * x));
    }
  }
  return phases;
}

float from_db(double db) { return static_cast<float>(std::pow(10.0, db / 20)); }

}  // namespace

Limiter::Limiter(double gain_db, double ceiling_dbtp)
    : gain_(from_db(gain_db)),
      ceiling_(from_db(ceiling_dbtp)),
      delay_(kRing, 0.0F),
      lowest_(kRing, 1.0F),
      lowest_sum_(kLook) {}

/// The highest value at and after the sample that lies kHalf back, up to the next one.
float Limiter::peak_near() const {
  static const auto kPhases = make_phases();
  std::array<float, kTaps> near{};
  for (std::size_t i = 0; i < kTaps; ++i) near[i] = delay_[(count_ + kRing - kTaps + 1 + i) % kRing];
  float peak = std::max(std::abs(near[kHalf - 1]), std::abs(near[kHalf]));
  for (const Phase& phase : kPhases) {
    float sum = 0;
    for (std::size_t i = 0; i < kTaps; ++i) sum += phase[i] * near[i];
    peak = std::max(peak, std::abs(sum));
  }
  return peak;
}

/// The least gain wanted by a sample of the look-ahead, after taking in the one whose peak is known now.
float Limiter::least_wanted() {
  if (count_ - quiet_from_ <= kTaps) {
    const float peak = peak_near();
    if (peak > ceiling_) {
      const float wanted = ceiling_ / peak;
      while (!wanted_.empty() && wanted_.back().second >= wanted) wanted_.pop_back();
      wanted_.emplace_back(count_, wanted);
    }
  }
  if (!wanted_.empty() && wanted_.front().first + kLook < count_) wanted_.pop_front();
  return wanted_.empty() ? 1.0F : wanted_.front().second;
}

void Limiter::step(float sample, std::vector<float>& out) {
  const auto back = [this](std::size_t n) { return (count_ + kRing - n) % kRing; };
  delay_[back(0)] = sample * gain_;
  if (std::abs(delay_[back(0)]) > kNear * ceiling_) quiet_from_ = count_;
  // Falls at once to the least gain wanted in the look-ahead and rises slowly; the average of 5 ms makes a
  // ramp of the fall.
  released_ = std::min(least_wanted(), released_ + (1.0F - released_) * kRelease);
  lowest_sum_ += released_ - lowest_[back(kLook)];
  lowest_[back(0)] = released_;
  if (count_ >= kDelay)
    out.push_back(delay_[back(kDelay)] * std::min(1.0F, static_cast<float>(lowest_sum_ / kLook)));
  ++count_;
}

void Limiter::push(std::span<const float> in, std::vector<float>& out) {
  for (const float sample : in) step(sample, out);
}

void Limiter::finish(std::vector<float>& out) {
  for (std::size_t i = 0; i < kDelay; ++i) step(0.0F, out);
}

}  // namespace loa::media
