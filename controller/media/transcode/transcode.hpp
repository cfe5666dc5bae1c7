#pragma once
#include <functional>

#include "controller/media/clip.hpp"
#include "controller/media/transcode/decoder.hpp"

namespace loa::media {

/// What a clip must be and what is taken.
struct TranscodeOptions {
  int in = -1;   ///< open for reading
  int out = -1;  ///< open for reading and writing
  std::uint64_t max_input_bytes = 200ULL << 20;
  std::int64_t max_seconds = 4 * 3600;
  double lufs = -16.0;
  double max_true_peak_dbtp = -1.0;
};

/// Percent done, 0 to 100, only when it has risen.
using OnPercent = std::function<void(int percent)>;

/// Turns one open file into a clip in another, or says why not and leaves that one empty. Loudness and peak are
/// those of the clip decoded again. Opens nothing. Blocks; load_gstreamer() must have been called.
Result<Clip> transcode(const TranscodeOptions& options, const OnPercent& on_percent);

}  // namespace loa::media
