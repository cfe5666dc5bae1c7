#pragma once
#include <gst/app/gstappsrc.h>

#include <span>

#include "controller/media/transcode/decoder.hpp"
#include "controller/media/transcode/gst_parts.hpp"

namespace loa::media {

/// Writes mono 48 kHz samples as Ogg/Opus (RFC 7845): 24 kb/s, voice, frames of 20 ms. The same samples give
/// the same bytes.
class Encoder {
 public:
  /// Writes to an open file from its begin, in place of what it holds.
  explicit Encoder(int file);
  /// Waits while the encoder is busy; false once it has failed.
  bool write(std::span<const float> samples);
  /// Ends the file; nothing, or why it is not whole.
  std::optional<Problem> finish();

 private:
  Pipeline pipeline_;
  GstAppSrc* source_ = nullptr;
  std::int64_t written_ = 0;
  int file_;
};

}  // namespace loa::media
