#pragma once
#include <functional>

#include "controller/media/clip.hpp"
#include "controller/media/transcode/decoder.hpp"

namespace loa::media {

/// What a clip must be and what is taken.
struct TranscodeOptions {
  std::filesystem::path in;
  std::filesystem::path out;
  std::uint64_t max_input_bytes = 200ULL << 20;
  std::int64_t max_seconds = 4 * 3600;
  double lufs = -16.0;
  double max_true_peak_dbtp = -1.0;
};

/// Percent done, 0 to 100, only when it has risen.
using OnPercent = std::function<void(int percent)>;

/// Turns one file into a clip at options.out, or says why not and leaves nothing there. Loudness and peak are
/// those of the clip decoded again. Blocks; load_gstreamer() must have been called.
Result<Clip> transcode(const TranscodeOptions& options, const OnPercent& on_percent);

}  // namespace loa::media
