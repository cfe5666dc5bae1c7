#include <algorithm>
#include <array>

#include "controller/media/transcode/containers.hpp"

namespace loa::media {

namespace {

/// One MPEG audio layer III frame header (ISO/IEC 11172-3 section 2.4.1.3, 13818-3); bytes 0 where it is
/// none.
struct Frame {
  unsigned bytes = 0;
  unsigned rate = 0;
  unsigned samples = 0;
  unsigned side_bytes = 0;
};

Frame frame_of(std::uint32_t header) {
  static constexpr std::array<unsigned, 16> kOne{0,   32,  40,  48,  56,  64,  80,  96,
                                                 112, 128, 160, 192, 224, 256, 320, 0};
  static constexpr std::array<unsigned, 16> kTwo{0,  8,  16, 24,  32,  40,  48,  56,
                                                 64, 80, 96, 112, 128, 144, 160, 0};
  static constexpr std::array<unsigned, 4> kRates{44100, 48000, 32000, 0};
  const unsigned version = header >> 19 & 3, layer = header >> 17 & 3;
  if ((header >> 21) != 0x7ff || version == 1 || layer != 1) return {};
  const bool one = version == 3;
  const unsigned kilobits = (one ? kOne : kTwo)[header >> 12 & 15];
  const unsigned rate = kRates[header >> 10 & 3] >> (one ? 0 : version == 2 ? 1 : 2);
  if (kilobits == 0 || rate == 0) return {};
  const bool mono = (header >> 6 & 3) == 3;
  return {(one ? 144'000 : 72'000) * kilobits / rate + (header >> 9 & 1), rate, one ? 1152U : 576U,
          one ? (mono ? 17U : 32U) : (mono ? 9U : 17U)};
}

/// True where several frames of one rate follow each other, or fewer up to the very end.
bool frames_follow(ByteWindow& file, std::uint64_t offset, int wanted) {
  const unsigned rate = frame_of(file.be32(offset)).rate;
  for (int i = 0; i < wanted; ++i) {
    const Frame frame = frame_of(file.be32(offset));
    if (frame.bytes == 0 || frame.rate != rate) return false;
    offset += frame.bytes;
    if (i > 0 && offset >= file.size()) return true;
  }
  return true;
}

constexpr std::uint64_t kSearch = 64 << 10;

/// The next place at or after `offset` where frames follow; the file's size where there is none near.
std::uint64_t sync(ByteWindow& file, std::uint64_t offset, int wanted) {
  const auto end = std::min(file.size(), offset + kSearch);
  for (; offset < end; ++offset)
    if (frames_follow(file, offset, wanted)) return offset;
  return file.size();
}

/// Frames announced by a Xing or Info header in the first frame; 0 where there is none.
std::uint64_t announced_frames(ByteWindow& file, std::uint64_t offset, const Frame& first) {
  const auto tag = offset + 4 + first.side_bytes;
  const std::string name(file.at(tag, 4));
  return (name == "Xing" || name == "Info") && (file.u8(tag + 7) & 1) ? file.be32(tag + 8) : 0;
}

}  // namespace

Result<Inspection> inspect_mp3(ByteWindow& file, std::uint64_t offset) {
  const Problem nothing{
      "not_audio",
      "this is not sound of a kind that is taken: WAV, MP3, M4A (AAC), Ogg Vorbis, Opus or FLAC"};
  const bool has_id3 = offset > 0;
  if (offset >= file.size())
    return has_id3 ? Problem{"truncated", "the MP3 file ends inside its tags"} : nothing;
  offset = sync(file, offset, 4);
  if (offset == file.size()) return nothing;
  const Frame first = frame_of(file.be32(offset));
  const auto announced = announced_frames(file, offset, first);
  if (announced) offset += first.bytes;
  std::uint64_t frames = 0;
  double seconds = 0;
  while (offset + 4 <= file.size()) {
    const Frame frame = frame_of(file.be32(offset));
    if (frame.bytes == 0) {  // tags at the end, or damage that decoders step over
      offset = sync(file, offset, 2);
      continue;
    }
    if (offset + frame.bytes > file.size())
      return Problem{"truncated", "the MP3 file is cut short inside its last frame"};
    ++frames;
    seconds += static_cast<double>(frame.samples) / frame.rate;
    offset += frame.bytes;
  }
  if (announced > frames + 1) {
    const double claimed = static_cast<double>(announced) * first.samples / first.rate;
    if (static_cast<double>(file.size()) * 8 / claimed < 100)
      return Problem{"claims_huge", "the MP3 header claims more sound than the file can hold"};
    return Problem{"truncated", "the MP3 file is cut short: fewer frames are there than it announces"};
  }
  return Inspection{.container = Container::mp3, .claimed_seconds = seconds, .has_id3 = has_id3};
}

}  // namespace loa::media
