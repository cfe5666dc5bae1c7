#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "controller/media/clip.hpp"

namespace loa::media {

/// The kinds of file that are taken; nothing outside this list ever reaches a decoder.
enum class Container { wav, mp3, m4a, ogg_vorbis, ogg_opus, flac };

/// "WAV", "MP3", … as a person knows them.
const char* name_of(Container container);

/// What the file itself says, read by us before any decoder sees it.
struct Inspection {
  Container container = Container::wav;
  std::uint64_t bytes = 0;
  /// Seconds of sound by its own headers; nothing where the format does not say.
  std::optional<double> claimed_seconds;
  /// An ID3v2 tag stands before the sound.
  bool has_id3 = false;
};

/// Recognises an open file by its bytes and checks that its headers agree with its size. Problems: `not_audio`,
/// `truncated`, `claims_huge`, `too_large` (above max_bytes), `decode_failed` (a known kind in a form that is
/// not taken).
Result<Inspection> inspect(int file, std::uint64_t max_bytes);
/// The same of a file by name; what cannot be opened is `not_audio`.
Result<Inspection> inspect(const std::filesystem::path& file, std::uint64_t max_bytes);

}  // namespace loa::media
