#include "node-firmware/opus_length.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>

namespace loa::node {

namespace {

constexpr std::size_t kHeadBytes = 4096;
constexpr std::size_t kTailBytes = 128 * 1024;  // more than the largest Ogg page (RFC 3533)
constexpr std::size_t kGranuleAt = 6;
constexpr std::size_t kPreSkipAt = 10;

std::uint64_t little_endian(const std::string& bytes, std::size_t at, int count) {
  std::uint64_t value = 0;
  for (int i = count - 1; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}

std::string read_part(std::ifstream& in, std::uintmax_t from, std::size_t count) {
  std::string bytes(count, '\0');
  in.clear();
  in.seekg(static_cast<std::streamoff>(from));
  in.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return bytes;
}

}  // namespace

std::optional<scheduler::Millis> opus_length(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  const auto head = read_part(in, 0, kHeadBytes);
  const auto opus = head.find("OpusHead");
  if (opus == std::string::npos || opus + kPreSkipAt + 2 > head.size()) return std::nullopt;
  const auto pre_skip = little_endian(head, opus + kPreSkipAt, 2);
  const auto tail = read_part(in, size > kTailBytes ? size - kTailBytes : 0, kTailBytes);
  const auto page = tail.rfind("OggS");
  if (page == std::string::npos || page + kGranuleAt + 8 > tail.size()) return std::nullopt;
  const auto granule = little_endian(tail, page + kGranuleAt, 8);
  if (granule <= pre_skip || granule - pre_skip > std::uint64_t{48'000} * 24 * 3600) return std::nullopt;
  return scheduler::Millis{static_cast<std::int64_t>((granule - pre_skip) / 48)};
}

}  // namespace loa::node
