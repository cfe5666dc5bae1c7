#include "controller/media/transcode/ogg_serial.hpp"

#include <array>
#include <fstream>
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

void set_ogg_serial(const std::filesystem::path& name, std::uint32_t serial) {
  std::fstream file(name, std::ios::in | std::ios::out | std::ios::binary);
  const auto read = [&file](std::string& page, std::size_t more) {
    const auto had = page.size();
    page.resize(had + more);
    if (!file.read(page.data() + had, static_cast<std::streamsize>(more)))
      throw std::runtime_error("not a whole Ogg file");
  };
  while (file.peek() != std::char_traits<char>::eof()) {
    const auto begin = file.tellg();
    std::string page;
    read(page, kHeader);
    if (page.compare(0, 4, "OggS") != 0) throw std::runtime_error("not an Ogg file");
    const std::size_t segments = static_cast<std::uint8_t>(page[kHeader - 1]);
    read(page, segments);
    read(page, std::accumulate(page.begin() + kHeader, page.end(), std::size_t{0},
                               [](std::size_t sum, char c) { return sum + static_cast<std::uint8_t>(c); }));
    put32(page, kSerialAt, serial);
    put32(page, kCrcAt, 0);
    put32(page, kCrcAt, crc_of(page));
    file.seekp(begin);
    file.write(page.data(), static_cast<std::streamsize>(page.size()));
    file.seekg(begin + static_cast<std::streamoff>(page.size()));
  }
  file.flush();
  if (file.bad()) throw std::runtime_error("the Ogg file cannot be rewritten");
}

}  // namespace loa::media
