#include "controller/media/transcode/ogg_serial.hpp"

#include <unistd.h>

#include <array>
#include <numeric>
#include <stdexcept>
#include <string>

namespace loa::media {

namespace {

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i << 24;
    for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ (crc & 0x80000000U ? 0x04c11db7U : 0);
    table[i] = crc;
  }
  return table;
}

std::uint32_t crc_of(const std::string& page) {
  static constexpr auto kTable = crc_table();
  std::uint32_t crc = 0;
  for (const char c : page) crc = crc << 8 ^ kTable[crc >> 24 ^ static_cast<std::uint8_t>(c)];
  return crc;
}

void put32(std::string& page, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) page[at + i] = static_cast<char>(value >> (8 * i));
}

constexpr std::size_t kHeader = 27, kSerialAt = 14, kCrcAt = 22;

}  // namespace

void set_ogg_serial(int file, std::uint32_t serial) {
  off_t begin = 0;
  // Appends `more` bytes of the page to `page`; false where the file ends before the first of them.
  const auto read = [&](std::string& page, std::size_t more) {
    const auto had = page.size();
    page.resize(had + more);
    const auto got = ::pread(file, page.data() + had, more, begin + static_cast<off_t>(had));
    if (got == 0 && had == 0) return false;
    if (got != static_cast<ssize_t>(more)) throw std::runtime_error("not a whole Ogg file");
    return true;
  };
  for (std::string page; read(page, kHeader); page.clear()) {
    if (page.compare(0, 4, "OggS") != 0) throw std::runtime_error("not an Ogg file");
    const std::size_t segments = static_cast<std::uint8_t>(page[kHeader - 1]);
    read(page, segments);
    read(page, std::accumulate(page.begin() + kHeader, page.end(), std::size_t{0},
                               [](std::size_t sum, char c) { return sum + static_cast<std::uint8_t>(c); }));
    put32(page, kSerialAt, serial);
    put32(page, kCrcAt, 0);
    put32(page, kCrcAt, crc_of(page));
    if (::pwrite(file, page.data(), page.size(), begin) != static_cast<ssize_t>(page.size()))
      throw std::runtime_error("the Ogg file cannot be rewritten");
    begin += static_cast<off_t>(page.size());
  }
}

}  // namespace loa::media
