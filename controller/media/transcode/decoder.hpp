#pragma once
#include <chrono>
#include <functional>
#include <span>

#include "controller/media/transcode/inspect.hpp"

namespace loa::media {

/// The rate of all sound inside the transcoder and in clips.
inline constexpr int kRate = 48'000;

/// Gets mono 48 kHz samples in order; returning false ends the decoding early.
using OnBlock = std::function<bool(std::span<const float>)>;

/// Decodes an open file of a known kind, from its begin, to mono 48 kHz through a fixed chain of GStreamer elements, on the calling
/// thread, and returns the count of samples handed out. No element is chosen by the file. Problem
/// `decode_failed`, also when nothing comes for `patience`.
Result<std::int64_t> decode(int file, const Inspection& kind,
                            const OnBlock& on_block,
                            std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace loa::media
