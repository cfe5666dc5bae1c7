#include "controller/media/transcode/transcode.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "controller/media/sha256.hpp"
#include "controller/media/transcode/byte_window.hpp"
#include "controller/media/transcode/encoder.hpp"
#include "controller/media/transcode/limiter.hpp"
#include "controller/media/transcode/meter.hpp"

namespace loa::media {

namespace {

constexpr double kLufsTolerance = 0.5;  // what a clip must keep
constexpr double kLufsGoal = 0.3;       // what another encoding is worth
constexpr double kPreviewGoal = 0.1;
// dB that the limiter may take from the highest peak. Beyond it, it would no longer hold peaks but press the body of the speech
// (docs/performance.md); then the clip stays quieter and says so.
constexpr double kMostLimiting = 15.0;
constexpr double kFirstCeiling = -3.4;   // 24 kb/s Opus raises the peaks of speech by about two decibels …
constexpr double kFirstCodecLoss = 0.3;  // … and takes this much loudness, in LU
constexpr int kMostAttempts = 8;
constexpr int kMostPreviews = 6;
constexpr std::int64_t kLeastSamples = kRate / 2;

/// Spreads percent over stages whose number is not known: each stage takes a share of what is left.
class Progress {
 public:
  explicit Progress(const OnPercent& on_percent) : on_percent_(on_percent) {}
  void stage(double share) {
    begin_ += width_;
    width_ = (99.0 - begin_) * share;
  }
  void part(double done) { tell(begin_ + width_ * std::clamp(done, 0.0, 1.0)); }
  void tell(double percent) {
    if (const int whole = static_cast<int>(percent); whole > told_ && on_percent_) on_percent_(told_ = whole);
  }

 private:
  const OnPercent& on_percent_;
  double begin_ = 0, width_ = 0;
  int told_ = -1;
};

std::string hours(double seconds) {
  const auto minutes = static_cast<long long>(std::llround(seconds / 60));
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

Problem too_long(double seconds, std::int64_t most) {
  return {"too_long", fmt::format("the sound is {} long; at most {} are taken", hours(seconds),
                                  hours(static_cast<double>(most)))};
}

/// What the first pass learns of the source.
struct Source {
  Envelope envelope;
  Meter meter;
};

struct Measured {
  double lufs = 0;
  double peak = 0;
  std::int64_t samples = 0;
};

class Work {
 public:
  Work(const TranscodeOptions& options, const OnPercent& on_percent)
      : options_(options), progress_(on_percent) {}

  Result<Clip> run() {
    progress_.tell(0);
    if (auto problem = analyse()) return *problem;
    gain_ = options_.lufs - source_.meter.lufs();
    for (int attempt = 1;; ++attempt) {
      if (auto problem = find_gain()) return *problem;
      if (auto problem = encode()) return *problem;
      auto measured = measure();
      if (!measured) return measured.error();
      if (good(*measured, attempt)) return clip_of(*measured);
      if (attempt == kMostAttempts)
        return Problem{"decode_failed", "no level was found at which this sound keeps its peak"};
      correct(*measured);
    }
  }

 private:
  std::optional<Problem> analyse() {
    auto found = inspect(options_.in, options_.max_input_bytes);
    if (!found) return found.error();
    kind_ = *found;
    const double claimed = kind_.claimed_seconds.value_or(0);
    if (claimed > static_cast<double>(options_.max_seconds)) return too_long(claimed, options_.max_seconds);
    progress_.stage(0.3);
    const std::int64_t most = options_.max_seconds * kRate;
    const auto decoded = decode(options_.in, kind_, [&](std::span<const float> block) {
      source_.envelope.add(block);
      source_.meter.add(block);
      const auto seconds = static_cast<double>(source_.envelope.samples()) / kRate;
      if (claimed > 0) progress_.part(seconds / claimed);
      return source_.envelope.samples() <= most;
    });
    if (!decoded) return decoded.error();
    return judge(*decoded, claimed);
  }

  std::optional<Problem> judge(std::int64_t samples, double claimed) {
    const double seconds = static_cast<double>(samples) / kRate;
    if (samples > options_.max_seconds * kRate) return too_long(seconds, options_.max_seconds);
    // Encoders' padding explains a tenth of a second, not more.
    if (seconds < claimed - 0.1 - claimed / 1000)
      return Problem{"truncated",
                     fmt::format("the {} file announces {:.1f} s of sound, but only {:.1f} s are there",
                                 name_of(kind_.container), claimed, seconds)};
    if (samples == 0) return Problem{"decode_failed", "there is no sound in the file"};
    range_ = source_.envelope.sound();
    if (range_.to == 0) return Problem{"silent_only", "the file holds only silence"};
    if (range_.to - range_.from < kLeastSamples || !std::isfinite(source_.meter.lufs()))
      return Problem{"too_short", "there is less than half a second of sound"};
    return {};
  }

  /// Sets the gain at which gain and limiter together give the wanted loudness, as far as the limiter stays
  /// gentle. Cheap beside encoding, so the search is done here.
  std::optional<Problem> find_gain() {
    const double peak = source_.meter.true_peak_dbtp();
    const double most = ceiling_ + kMostLimiting - peak;
    double slope = 1, last_gain = 0, last_lufs = 0;
    for (int pass = 1; pass <= kMostPreviews; ++pass) {
      held_ = gain_ >= most;
      gain_ = std::min(gain_, most);
      if (peak + gain_ <= ceiling_) {
        preview_lufs_ = source_.meter.lufs() + gain_;
      } else if (auto problem = preview()) {
        return problem;
      }
      const double missing = options_.lufs + codec_loss_ - preview_lufs_;
      if (std::abs(missing) <= kPreviewGoal || (held_ && missing > 0)) return {};
      if (pass > 1 && std::abs(gain_ - last_gain) > 0.01)
        slope = std::clamp((preview_lufs_ - last_lufs) / (gain_ - last_gain), 0.25, 1.0);
      last_gain = gain_;
      last_lufs = preview_lufs_;
      gain_ += missing / slope;
    }
    return {};
  }

  std::optional<Problem> preview() {
    progress_.stage(0.15);
    Meter meter(Meter::Kind::loudness);
    auto decoded = limited([&](std::span<const float> ready) {
      meter.add(ready);
      return true;
    });
    if (!decoded) return decoded.error();
    preview_lufs_ = meter.lufs();
    return {};
  }

  std::optional<Problem> encode() {
    progress_.stage(0.65);
    Encoder encoder(options_.out);
    auto decoded = limited([&](std::span<const float> ready) { return encoder.write(ready); });
    if (!decoded) return decoded.error();
    return encoder.finish();
  }

  /// Hands out the kept part of the source with gain and limiter.
  Result<std::int64_t> limited(const OnBlock& on_ready) {
    Limiter limiter(gain_, ceiling_);
    std::vector<float> ready;
    std::int64_t at = 0;
    auto decoded = decode(options_.in, kind_, [&](std::span<const float> block) {
      const auto size = static_cast<std::int64_t>(block.size());
      const auto from = std::clamp<std::int64_t>(range_.from - at, 0, size);
      const auto to = std::clamp<std::int64_t>(range_.to - at, 0, size);
      at += size;
      ready.clear();
      limiter.push(block.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)), ready);
      progress_.part(static_cast<double>(at) / static_cast<double>(range_.to));
      return on_ready(ready) && at < range_.to;
    });
    ready.clear();
    limiter.finish(ready);
    on_ready(ready);
    return decoded;
  }

  Result<Measured> measure() {
    progress_.stage(0.4);
    const auto clip = inspect(options_.out, ~0ULL);
    if (!clip) return clip.error();
    Meter meter;
    const auto samples = decode(options_.out, *clip, [&](std::span<const float> block) {
      meter.add(block);
      return true;
    });
    if (!samples) return samples.error();
    if (*samples != range_.to - range_.from)
      return Problem{"decode_failed",
                     fmt::format("the clip has {} samples instead of {}", *samples, range_.to - range_.from)};
    return Measured{meter.lufs(), meter.true_peak_dbtp(), *samples};
  }

  bool good(const Measured& measured, int attempt) const {
    if (measured.peak > options_.max_true_peak_dbtp) return false;
    const double off = std::abs(measured.lufs - options_.lufs);
    return off <= (attempt < 4 ? kLufsGoal : kLufsTolerance) || (held_ && measured.lufs < options_.lufs);
  }

  void correct(const Measured& measured) {
    codec_loss_ = std::clamp(preview_lufs_ - measured.lufs, -1.0, 1.0);
    const double excess = measured.peak - options_.max_true_peak_dbtp;
    if (excess > 0) ceiling_ -= excess + 0.15;
  }

  Clip clip_of(const Measured& measured) {
    Clip clip;
    clip.sha256 = sha256_of(options_.out);
    clip.bytes = ByteWindow(options_.out).size();
    clip.samples = measured.samples;
    clip.duration_ms = (measured.samples * 1000 + kRate - 1) / kRate;
    clip.lufs = measured.lufs;
    clip.true_peak_dbtp = measured.peak;
    clip.limited_by_peak = measured.lufs < options_.lufs - kLufsTolerance;
    clip.trimmed_ms = (source_.envelope.samples() - measured.samples) * 1000 / kRate;
    progress_.tell(100);
    return clip;
  }

  const TranscodeOptions& options_;
  Progress progress_;
  Inspection kind_;
  Source source_;
  Envelope::Range range_;
  double gain_ = 0;
  double ceiling_ = kFirstCeiling;
  double preview_lufs_ = 0;
  double codec_loss_ = kFirstCodecLoss;  ///< LU that the last encoding took
  bool held_ = false;                    ///< the limiter would have to do too much
};

}  // namespace

Result<Clip> transcode(const TranscodeOptions& options, const OnPercent& on_percent) {
  Result<Clip> result = Problem{"decode_failed", "nothing was done"};
  try {
    result = Work(options, on_percent).run();
  } catch (const std::exception& e) {
    result = Problem{"decode_failed", e.what()};
  }
  if (!result && options.out >= 0 && ::ftruncate(options.out, 0) != 0)
    result = Problem{"decode_failed", result.error().message + "; and the clip's file cannot be emptied"};
  return result;
}

}  // namespace loa::media
