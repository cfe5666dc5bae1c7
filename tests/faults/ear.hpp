#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace loa::tests {

/// Something that a recording holds: `what` is 'A', 'B' or 'C', one of the three test clips, or '?', any other sound.
struct Sound {
  double from = 0;    ///< UTC seconds at which it begins
  double length = 0;  ///< seconds
  char what = '?';
  double at = 0;      ///< of a test clip: which second of it is heard at `from`
};

/// Seconds of a test clip.
constexpr double kClipSeconds = 6.0;

/// A WAV of a test clip: a tone that rises by 150 Hz a second, in a band of the clip's own, so that every window of a recording tells which
/// clip is heard and which second of it; two at once fit none.
std::string test_clip_wav(char what);

/// What one stretch of 16-bit samples lets be heard; `begin` is the UTC second of its first sample.
std::vector<Sound> listen(const std::vector<std::int16_t>& samples, int rate, double begin);

/// What a node's WAV and its clock sidecar (node-firmware/sink_wav.hpp) hold from UTC second `from` on; nothing where there is no file.
std::vector<Sound> listen_to_wav(const std::filesystem::path& wav, double from);

/// Seconds of everything; with `what` of that sound alone.
double total(const std::vector<Sound>& sounds, char what = 0);
/// Seconds of the clip that are heard more than once.
double repeated(const std::vector<Sound>& sounds, char what);
/// Like "A 0.00-6.00 at +0.02 s", by the due time; "silence" for nothing.
std::string in_words(const std::vector<Sound>& sounds, double due);

}  // namespace loa::tests
