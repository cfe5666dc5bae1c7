#pragma once
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "controller/media/clip.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::media {

/// How a failed check shows a clip.
inline std::ostream& operator<<(std::ostream& out, const Clip& clip) { return out << "clip " << clip.sha256; }

}  // namespace loa::media

namespace loa::media::testing {

using Samples = std::vector<float>;

/// Sound with the ups and downs of speech: syllables of a buzzing voice with pauses, at 48 kHz; the same
/// every time.
Samples speech(double seconds, double level = 0.3);
Samples silence(double seconds);
Samples sine(double seconds, double hertz, double level);
Samples operator+(Samples a, const Samples& b);

/// 16-bit PCM, each channel the same.
std::filesystem::path write_wav(const std::filesystem::path& file, const Samples& samples, int channels = 1,
                                int rate = 48'000);
/// Encodes a WAV file with gst-launch-1.0 through the given elements, for example "lamemp3enc".
std::filesystem::path encode(const std::filesystem::path& wav, const std::string& elements,
                             const std::filesystem::path& out);

std::string bytes_of(const std::filesystem::path& file);
std::filesystem::path write_bytes(const std::filesystem::path& file, const std::string& bytes);

/// Runs the real program loa-transcode with JSON output; `percents` gets its progress.
Result<Clip> run_transcoder(const std::filesystem::path& in, const std::filesystem::path& out,
                            const std::vector<std::string>& more = {}, std::vector<int>* percents = nullptr);

/// What libebur128 says of a clip decoded by gst-launch-1.0: nothing of the code under test is used.
struct Heard {
  std::size_t samples = 0;
  double lufs = 0;
  double true_peak_dbtp = 0;
};
Heard listen(const std::filesystem::path& clip);

}  // namespace loa::media::testing
