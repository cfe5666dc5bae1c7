#include "controller/media/transcode/meter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "controller/media/transcode/decoder.hpp"

namespace loa::media {

Meter::Meter(Kind kind)
    : state_(ebur128_init(
          1, kRate, kind == Kind::loudness ? EBUR128_MODE_I : EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK)) {
  if (!state_) throw std::bad_alloc();
}

void Meter::add(std::span<const float> samples) {
  ebur128_add_frames_float(state_.get(), samples.data(), samples.size());
}

double Meter::lufs() const {
  double value = 0;
  ebur128_loudness_global(state_.get(), &value);
  return value;
}

double Meter::true_peak_dbtp() const {
  double peak = 0;
  ebur128_true_peak(state_.get(), 0, &peak);
  return peak > 0 ? 20 * std::log10(peak) : -std::numeric_limits<double>::infinity();
}

namespace {

constexpr std::int64_t kWindow = kRate / 100;
constexpr std::int64_t kPadBefore = kRate / 10, kPadAfter = kRate / 5;
constexpr double kNothing = 1e-6;  // −60 dBFS mean square: below it there is no announcement

}  // namespace

void Envelope::add(std::span<const float> samples) {
  for (const float x : samples) {
    sum_ += static_cast<double>(x) * x;
    if (++samples_ % kWindow == 0) {
      windows_.push_back(static_cast<float>(sum_ / kWindow));
      sum_ = 0;
    }
  }
}

Envelope::Range Envelope::sound() const {
  const auto loudest = windows_.empty() ? 0.0F : *std::max_element(windows_.begin(), windows_.end());
  if (loudest < kNothing) return {};
  // 40 dB under the loudest, between −70 and −45 dBFS: the hiss of a phone is silence, a soft last syllable
  // is not.
  const auto threshold = static_cast<float>(std::clamp(loudest * 1e-4, 1e-7, 3.2e-5));
  const auto loud = [threshold](float window) { return window > threshold; };
  const auto first = std::find_if(windows_.begin(), windows_.end(), loud) - windows_.begin();
  const auto last = windows_.rend() - std::find_if(windows_.rbegin(), windows_.rend(), loud);
  return {std::max<std::int64_t>(0, first * kWindow - kPadBefore),
          std::min(samples_, last * kWindow + kPadAfter)};
}

}  // namespace loa::media
