// Small files that are made to grow when they are decoded: each is made here bit by bit, since no honest encoder writes them.
#include <catch2/catch.hpp>

#include "tests/controller/media/sounds.hpp"

using namespace loa::media;
using namespace loa::media::testing;

namespace {

namespace fs = std::filesystem;

void big(std::string& bytes, std::uint64_t value, int count) {
  for (int i = count - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i));
}
void little(std::string& bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i));
}

/// A cyclic redundancy check over `width` bits, most significant bit first, from zero.
std::uint32_t crc(const std::string& bytes, int width, std::uint32_t polynomial) {
  std::uint32_t value = 0;
  const std::uint32_t top = 1U << (width - 1), mask = width == 32 ? ~0U : (1U << width) - 1;
  for (const char c : bytes) {
    value ^= static_cast<std::uint32_t>(static_cast<std::uint8_t>(c)) << (width - 8);
    for (int bit = 0; bit < 8; ++bit) value = (value & top ? value << 1 ^ polynomial : value << 1) & mask;
  }
  return value;
}

/// RFC 9639: blocks of 65,535 equal samples, 14 to 16 bytes each. `claimed` 0: the length is not said. `frame_rate` 0: as the stream.
std::string flac(std::uint64_t blocks, std::uint64_t claimed, std::uint64_t rate = 48'000, unsigned frame_rate = 0) {
  constexpr unsigned kBlock = 65'535;
  std::string file = "fLaC";
  big(file, 0x80000022, 4);
  big(file, kBlock, 2);
  big(file, kBlock, 2);
  big(file, 0, 6);
  big(file, rate << 44 | 0ULL << 41 | 15ULL << 36 | claimed, 8);
  file += std::string(16, '\0');
  for (std::uint64_t block = 0; block < blocks; ++block) {
    std::string frame;
    big(frame, 0xfff8, 2);
    frame += static_cast<char>(frame_rate ? 0x7d : 0x7a);
    frame += '\x08';
    if (block < 0x80) {
      frame += static_cast<char>(block);
    } else if (block < 0x800) {
      big(frame, 0xc080 | (block & 0x7c0) << 2 | (block & 0x3f), 2);
    } else {
      big(frame, 0xe08080 | (block & 0xf000) << 4 | (block & 0xfc0) << 2 | (block & 0x3f), 3);
    }
    big(frame, kBlock - 1, 2);
    if (frame_rate) big(frame, frame_rate, 2);
    frame += static_cast<char>(crc(frame, 8, 0x07));
    frame += '\0';
    big(frame, 1'000, 2);
    big(frame, crc(frame, 16, 0x8005), 2);
    file += frame;
  }
  return file;
}

std::string ogg_page(unsigned flags, std::uint64_t granule, unsigned number, const std::vector<std::string>& packets) {
  std::string page = "OggS", lacing, body;
  for (const auto& packet : packets) {
    lacing += static_cast<char>(packet.size());
    body += packet;
  }
  page += '\0';
  page += static_cast<char>(flags);
  little(page, granule, 8);
  little(page, 7, 4);
  little(page, number, 4);
  little(page, 0, 4);
  page += static_cast<char>(packets.size());
  page += lacing + body;
  const auto sum = crc(page, 32, 0x04c11db7);
  for (std::size_t i = 0; i < 4; ++i) page[22 + i] = static_cast<char>(sum >> (8 * i));
  return page;
}

/// RFC 7845 with packets of one byte, each two frames of 60 ms that are not sent: half a minute in 537 bytes. `said` of the real samples
/// stand in its pages.
std::string opus(unsigned pages, double said) {
  std::string head = "OpusHead\x01\x01";
  little(head, 0, 2);
  little(head, 48'000, 4);
  little(head, 0, 3);
  std::string tags = "OpusTags";
  little(tags, 3, 4);
  tags += "Loa";
  little(tags, 0, 4);
  std::string file = ogg_page(2, 0, 0, {head}) + ogg_page(0, 0, 1, {tags});
  const std::vector<std::string> packets(255, std::string(1, static_cast<char>(3 << 3 | 1)));
  for (unsigned page = 0; page < pages; ++page)
    file += ogg_page(page + 1 == pages ? 4 : 0, static_cast<std::uint64_t>((page + 1) * 255 * 5'760 * said), page + 2, packets);
  return file;
}

/// ISO/IEC 13818-3: 72 ms in 72 bytes of nothing, at 8 kbit/s and 8 kHz.
std::string mp3(unsigned frames) {
  std::string file;
  std::string frame(72, '\0');
  frame.replace(0, 4, "\xff\xe3\x18\xc0");
  for (unsigned i = 0; i < frames; ++i) file += frame;
  return file;
}

}  // namespace

TEST_CASE("a small file that would decode for hours or fill the memory is ended with a message") {
  struct Row {
    const char* name;
    std::string bytes;
    std::size_t most_bytes;  ///< how small it is
    std::vector<std::string> options;
    std::vector<std::string> codes;
    std::string message;
  };
  const Row rows[] = {
      {"a FLAC of five hours that says so", flac(13'184, 13'184ULL * 65'535), 220'000, {}, {"claims_huge"}, "the FLAC header claims 5 hours of sound in 195626 bytes"},
      {"a FLAC of five hours that says nothing", flac(13'184, 0), 220'000, {"--max-seconds", "600"}, {"too_long"}, "at most 0 h 10 min"},
      {"a FLAC of five hours that says one second", flac(13'184, 48'000), 220'000, {"--max-seconds", "600"}, {"too_long"}, "at most 0 h 10 min"},
      {"a FLAC whose samples last a second each", flac(10, 0, 1), 250, {}, {"decode_failed"}, "the FLAC header names an impossible rate"},
      {"a FLAC whose frames say that samples last a second each", flac(10, 0, 48'000, 1), 300, {},
       {"decode_failed", "too_long", "out_of_limits"}, ""},
      {"an Opus of ten hours that says so", opus(1'200, 1), 700'000, {}, {"too_long"}, "the sound is 10 h 12 min long"},
      {"an Opus of ten hours that says six minutes", opus(1'200, 0.01), 700'000, {"--max-seconds", "1200"}, {"too_long"}, "at most 0 h 20 min"},
      {"an MP3 of five hours", mp3(250'000), 18'000'000, {}, {"too_long"}, "the sound is 5 h 0 min long"},
  };
  loa::tests::TempFolder folder;
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      CHECK(row.bytes.size() <= row.most_bytes);
      const auto clip = run_transcoder(write_bytes(folder / "in", row.bytes), folder / "clip.opus", row.options);
      REQUIRE_FALSE(clip);
      CHECK_THAT(row.codes, Catch::VectorContains(clip.error().code));
      CHECK_THAT(clip.error().message, Catch::Contains(row.message));
    }
  }
}

TEST_CASE("the bombs are real: a small measure of the same bytes is sound") {
  loa::tests::TempFolder folder;
  const auto clip = run_transcoder(write_bytes(folder / "in", flac(20, 0)), folder / "clip.opus");
  REQUIRE(clip);
  CHECK(clip->samples == 20 * 65'535);
  for (const auto& bytes : {opus(2, 1), mp3(300)}) {  // silence, which was decoded to the end
    const auto silent = run_transcoder(write_bytes(folder / "in", bytes), folder / "clip.opus");
    REQUIRE_FALSE(silent);
    CHECK(silent.error().code == "silent_only");
  }
}
