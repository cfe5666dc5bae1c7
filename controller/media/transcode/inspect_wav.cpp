#include <algorithm>

#include "controller/media/transcode/containers.hpp"

namespace loa::media {

namespace {

constexpr unsigned kPcm = 1, kFloat = 3, kExtensible = 0xfffe;

}  // namespace

// Microsoft's RIFF/WAVE: chunks of a name, a little-endian size and that many bytes, padded to even.
Result<Inspection> inspect_wav(ByteWindow& file, std::uint64_t max_bytes) {
  std::uint64_t offset = 12;
  std::uint32_t bytes_per_second = 0;
  for (int chunk = 0; chunk < 1000 && offset + 8 <= file.size(); ++chunk) {
    const std::string name(file.at(offset, 4));
    const std::uint64_t size = file.le32(offset + 4);
    if (name == "fmt ") {
      unsigned format = file.le16(offset + 8);
      if (format == kExtensible) format = file.le16(offset + 8 + 24);
      const auto channels = file.le16(offset + 10);
      const auto rate = file.le32(offset + 12);
      bytes_per_second = file.le32(offset + 16);
      if (format != kPcm && format != kFloat)
        return Problem{"decode_failed", "the WAV file is compressed; save it as plain PCM"};
      if (channels < 1 || channels > 8 || rate < 4000 || rate > 384'000 || bytes_per_second == 0)
        return Problem{"decode_failed", "the WAV header names impossible channels or rates"};
    }
    if (name == "data") {
      if (bytes_per_second == 0)
        return Problem{"decode_failed", "the WAV file does not say its format before its sound"};
      const auto there = file.size() - offset - 8;
      if (size > there) return shortfall("WAV", size, there, max_bytes);
      return Inspection{.container = Container::wav,
                        .claimed_seconds = static_cast<double>(size) / bytes_per_second};
    }
    offset += 8 + size + (size & 1);
  }
  return Problem{"truncated", "the WAV file ends before its sound begins"};
}

}  // namespace loa::media
