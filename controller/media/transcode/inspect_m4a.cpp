#include "controller/media/transcode/containers.hpp"

namespace loa::media {

namespace {

struct Box {
  std::string name;
  std::uint64_t body = 0;
  std::uint64_t end = 0;  ///< as it claims, beyond the file where it is cut
};

/// The box at an offset of a box ending at `limit` (ISO/IEC 14496-12 section 4.2); size 0 means "to the end".
Box box_at(ByteWindow& file, std::uint64_t offset, std::uint64_t limit) {
  std::uint64_t size = file.be32(offset), header = 8;
  if (size == 1) {
    size = file.be64(offset + 8);
    header = 16;
  }
  if (size == 0) size = limit - offset;
  const auto end = offset + size < offset ? ~0ULL : offset + size;
  return {std::string(file.at(offset + 4, 4)), offset + header, size < header ? 0 : end};
}

/// Seconds by the movie header inside moov; nothing for a fragmented file, which says zero.
std::optional<double> movie_seconds(ByteWindow& file, const Box& moov) {
  for (std::uint64_t offset = moov.body; offset + 8 <= moov.end;) {
    const Box box = box_at(file, offset, moov.end);
    if (box.end == 0 || box.end > moov.end) return {};
    if (box.name == "mvhd") {
      const bool wide = file.u8(box.body) == 1;
      const double scale = file.be32(box.body + (wide ? 20 : 12));
      const double units = wide ? static_cast<double>(file.be64(box.body + 24)) : file.be32(box.body + 16);
      return scale > 0 && units > 0 ? std::optional(units / scale) : std::nullopt;
    }
    offset = box.end;
  }
  return {};
}

}  // namespace

Result<Inspection> inspect_m4a(ByteWindow& file, std::uint64_t max_bytes) {
  Inspection found{.container = Container::m4a};
  bool movie = false, sound = false;
  for (std::uint64_t offset = 0; offset < file.size();) {
    const Box box = box_at(file, offset, file.size());
    if (offset + 8 > file.size()) return Problem{"truncated", "the M4A file ends inside a header"};
    if (box.end == 0) return Problem{"decode_failed", "the M4A file is damaged inside"};
    if (box.end > file.size()) return shortfall("M4A", box.end - box.body, file.size() - box.body, max_bytes);
    if (box.name == "moov") {
      movie = true;
      found.claimed_seconds = movie_seconds(file, box);
    }
    sound = sound || box.name == "mdat";
    offset = box.end;
  }
  if (!movie)
    return Problem{"truncated",
                   "the M4A file has no index: its recording was not finished or it is cut short"};
  if (!sound) return Problem{"truncated", "the M4A file ends before its sound begins"};
  return found;
}

}  // namespace loa::media
