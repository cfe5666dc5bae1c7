#include "controller/media/transcode/containers.hpp"

namespace loa::media {

namespace {

constexpr std::uint8_t kBegins = 2;

struct Page {
  std::uint8_t flags = 0;
  std::uint64_t granule = 0;
  std::uint64_t body = 0;  ///< offset of the payload
  std::uint64_t end = 0;
};

/// The page at an offset (RFC 3533 section 6); its end lies beyond the file where it is cut.
Page page_at(ByteWindow& file, std::uint64_t offset) {
  Page page{file.u8(offset + 5), file.le64(offset + 6), 0, 0};
  const auto segments = file.u8(offset + 26);
  page.body = offset + 27 + segments;
  page.end = page.body;
  for (const char length : std::string(file.at(offset + 27, segments)))
    page.end += static_cast<std::uint8_t>(length);
  return page;
}

Result<Inspection> codec_of(ByteWindow& file, std::uint64_t body, double& rate, double& pre_skip) {
  const std::string head(file.at(body, 8));
  if (head == "OpusHead") {
    rate = 48'000;
    pre_skip = file.le16(body + 10);
    return Inspection{.container = Container::ogg_opus};
  }
  if (head.compare(0, 7, "\x01vorbis") == 0) {
    rate = file.le32(body + 12);
    return Inspection{.container = Container::ogg_vorbis};
  }
  return Problem{"not_audio", "the Ogg file holds neither Vorbis nor Opus sound"};
}

}  // namespace

Result<Inspection> inspect_ogg(ByteWindow& file, std::uint64_t) {
  double rate = 0, pre_skip = 0, last = 0;
  Result<Inspection> found = codec_of(file, page_at(file, 0).body, rate, pre_skip);
  if (!found) return found;
  for (std::uint64_t offset = 0; offset < file.size();) {
    if (file.at(offset, 4) != "OggS") return Problem{"decode_failed", "the Ogg file is damaged inside"};
    const Page page = page_at(file, offset);
    if (offset + 27 > file.size() || page.end > file.size())
      return Problem{"truncated", "the Ogg file is cut short: its last page is not whole"};
    if (offset > 0 && (page.flags & kBegins))
      return Problem{"decode_failed", "the Ogg file holds several streams; one is taken"};
    if (page.granule != ~0ULL) last = static_cast<double>(page.granule);
    offset = page.end;
  }
  if (rate > 0 && last > pre_skip) found->claimed_seconds = (last - pre_skip) / rate;
  return found;
}

}  // namespace loa::media
