#pragma once
#include <filesystem>

namespace loa::tests {

/// Makes an Ogg/Opus file of `ms` milliseconds (a multiple of 10) with a tone of `hertz` at half amplitude, mono, 48 kHz,
/// 24 kb/s, as the controller's clips are. Throws std::runtime_error where GStreamer fails.
void make_opus(const std::filesystem::path& file, int ms, int hertz = 440, int bitrate = 24000);

}  // namespace loa::tests
