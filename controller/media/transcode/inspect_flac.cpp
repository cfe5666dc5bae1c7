#include "controller/media/transcode/containers.hpp"

namespace loa::media {

// RFC 9639 section 8.2: STREAMINFO is the first metadata block, with 20 bits of rate and 36 bits of samples.
Result<Inspection> inspect_flac(ByteWindow& file, std::uint64_t offset) {
  if (offset + 42 > file.size()) return Problem{"truncated", "the FLAC file ends inside its header"};
  const auto fields = file.be64(offset + 8 + 10);
  const auto rate = static_cast<double>(fields >> 44);
  const auto samples = static_cast<double>(fields & 0xf'ffff'ffffULL);
  if ((file.u8(offset + 4) & 0x7f) != 0 || rate == 0)
    return Problem{"decode_failed", "the FLAC file does not begin with its stream information"};
  // A block of 65,535 samples at one hertz would be eighteen hours of sound.
  if (rate < 4000)
    return Problem{"decode_failed", "the FLAC header names an impossible rate"};
  Inspection found{.container = Container::flac, .has_id3 = offset != 0};
  if (samples > 0) found.claimed_seconds = samples / rate;
  return found;
}

}  // namespace loa::media
