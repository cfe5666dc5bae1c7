#include "controller/media/transcode/inspect.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "controller/media/transcode/byte_window.hpp"
#include "controller/media/transcode/containers.hpp"
#include "process/fd.hpp"

namespace loa::media {

const char* name_of(Container container) {
  switch (container) {
    case Container::wav:
      return "WAV";
    case Container::mp3:
      return "MP3";
    case Container::m4a:
      return "M4A";
    case Container::ogg_vorbis:
      return "Ogg Vorbis";
    case Container::ogg_opus:
      return "Opus";
    case Container::flac:
      return "FLAC";
  }
  return "?";
}

Problem shortfall(const char* kind, std::uint64_t claimed, std::uint64_t there, std::uint64_t max_bytes) {
  if (claimed > max_bytes)
    return {"claims_huge", fmt::format("the {} header claims {} bytes of sound, but the file holds {}", kind,
                                       claimed, there)};
  return {"truncated", fmt::format("the {} file is cut short: {} bytes of sound are announced, {} are there",
                                   kind, claimed, there)};
}

namespace {

/// Bytes of an ID3v2 tag at the beginning, 0 where there is none (id3.org, ID3v2.4 section 3.1).
std::uint64_t id3_bytes(ByteWindow& file) {
  if (file.at(0, 3) != "ID3") return 0;
  std::uint64_t size = 0;
  for (int i = 6; i < 10; ++i) size = size << 7 | (file.u8(static_cast<std::uint64_t>(i)) & 0x7f);
  return size + 10 + ((file.u8(5) & 0x10) ? 10 : 0);
}

Result<Inspection> recognise(ByteWindow& file, std::uint64_t max_bytes) {
  const auto id3 = id3_bytes(file);
  const auto magic = std::string(file.at(id3, 12));
  const auto begins = [&](std::string_view with) { return magic.compare(0, with.size(), with) == 0; };
  if (begins("fLaC")) return inspect_flac(file, id3);
  if (id3 > 0) return inspect_mp3(file, id3);
  if (begins("RIFF") && magic.size() == 12 && magic.ends_with("WAVE")) return inspect_wav(file, max_bytes);
  if (begins("OggS")) return inspect_ogg(file, max_bytes);
  if (magic.size() >= 8 && magic.substr(4, 4) == "ftyp") return inspect_m4a(file, max_bytes);
  return inspect_mp3(file, id3);
}

}  // namespace

Result<Inspection> inspect(const std::filesystem::path& file, std::uint64_t max_bytes) {
  const process::Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return inspect(opened.get(), max_bytes);
}

Result<Inspection> inspect(int file, std::uint64_t max_bytes) {
  struct stat info {};
  if (file < 0 || ::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) return Problem{"not_audio", "this is not a file"};
  ByteWindow bytes(file);
  if (bytes.size() == 0) return Problem{"not_audio", "the file is empty"};
  if (bytes.size() > max_bytes)
    return Problem{"too_large", fmt::format("the file has {} MB; at most {} MB are taken", bytes.size() >> 20,
                                            max_bytes >> 20)};
  auto found = recognise(bytes, max_bytes);
  if (!found) return found;
  found->bytes = bytes.size();
  // No codec here goes below 100 bit/s, not even FLAC of digital silence: such a header is a lie, not a long
  // file.
  const double seconds = found->claimed_seconds.value_or(0);
  if (seconds > 3600 && static_cast<double>(found->bytes) * 8 / seconds < 100)
    return Problem{"claims_huge", fmt::format("the {} header claims {:.0f} hours of sound in {} bytes",
                                              name_of(found->container), seconds / 3600, found->bytes)};
  return found;
}

}  // namespace loa::media
