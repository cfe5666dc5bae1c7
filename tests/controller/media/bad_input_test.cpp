#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "controller/media/transcode/decoder.hpp"
#include "controller/media/transcode/gst_parts.hpp"
#include "tests/controller/media/sounds.hpp"

using namespace loa::media;
using namespace loa::media::testing;

namespace {

namespace fs = std::filesystem;

std::string cut(const fs::path& file, double part) {
  auto bytes = bytes_of(file);
  bytes.resize(static_cast<std::size_t>(static_cast<double>(bytes.size()) * part));
  return bytes;
}

std::string put32(std::string bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

void check_refused(const fs::path& in, const char* code, const std::string& message,
                   const std::vector<std::string>& more = {}) {
  const auto clip = run_transcoder(in, in.parent_path() / "clip.opus", more);
  REQUIRE_FALSE(clip);
  CHECK(clip.error().code == code);
  CHECK_THAT(clip.error().message, Catch::Contains(message));
}

}  // namespace

TEST_CASE("what is not sound is refused") {
  const std::string kinds =
      "this is not sound of a kind that is taken: WAV, MP3, M4A (AAC), Ogg Vorbis, Opus or FLAC";
  struct Row {
    const char* name;
    std::string bytes;
    std::string message;
  };
  const Row rows[] = {
      {"nothing at all", "", "the file is empty"},
      {"a letter", "Kính gửi bà con", kinds},
      {"a picture", "\x89PNG\r\n\x1a\n" + std::string(10'000, 'x'), kinds},
      {"zeros", std::string(100'000, '\0'), kinds},
      {"all bits", std::string(100'000, '\xff'), kinds},
      {"a WAV cut inside its first header", std::string("RIFFd\0\0", 7), kinds},
      {"a playlist", "#EXTM3U\nhttp://example.org/live.mp3\n", kinds},
      {"an Ogg of something else", "OggS" + std::string(22, '\0') + "\x01\x08theora..",
       "the Ogg file holds neither Vorbis nor Opus sound"},
  };
  loa::tests::TempFolder folder;
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      check_refused(write_bytes(folder / "in", row.bytes), "not_audio", row.message);
    }
  }
  SECTION("a pipe that never ends") {
    REQUIRE(::mkfifo((folder / "in").c_str(), 0600) == 0);
    check_refused(folder / "in", "not_audio", "this is not a file");
  }
  SECTION("a folder") { check_refused(folder.path(), "not_audio", "this is not a file"); }
}

TEST_CASE("a file that is cut short is refused, whatever its kind") {
  struct Row {
    const char* name;
    const char* elements;
    const char* message;
  };
  const Row rows[] = {
      {"WAV", "wavenc", "the WAV file is cut short"},
      {"MP3", "lamemp3enc target=bitrate bitrate=64 cbr=true", "the MP3 file is cut short"},
      {"M4A", "voaacenc ! mp4mux", "the M4A file is cut short"},
      {"Ogg Vorbis", "vorbisenc ! oggmux", "the Ogg file is cut short"},
      {"Opus", "opusenc ! oggmux", "the Ogg file is cut short"},
      {"FLAC", "flacenc", "of sound, but only"},
  };
  loa::tests::TempFolder folder;
  const auto wav = write_wav(folder / "a.wav", speech(3));
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto whole = encode(wav, row.elements, folder / "whole");
      check_refused(write_bytes(folder / "in", cut(whole, 0.613)), "truncated", row.message);
    }
  }
}

TEST_CASE("sound that is too long is refused before it is decoded") {
  loa::tests::TempFolder folder;
  SECTION("eight hours") {
    // 4 kHz and 8 bits, as a hole on disk: 115 MB that take no room.
    auto header = bytes_of(write_wav(folder / "in", {}, 1, 4'000));
    header = put32(put32(header, 28, 4'000), 40, 8 * 3600 * 4'000);
    header[32] = 1;
    header[34] = 8;
    write_bytes(folder / "in", header);
    fs::resize_file(folder / "in", 44 + 8 * 3600 * 4'000);
    const auto began = std::chrono::steady_clock::now();
    check_refused(folder / "in", "too_long", "the sound is 8 h 0 min long; at most 4 h 0 min are taken");
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
  }
  SECTION("a file that does not say how long it is") {
    auto flac = bytes_of(encode(write_wav(folder / "a.wav", speech(4)), "flacenc", folder / "whole"));
    for (std::size_t i = 22; i < 26; ++i) flac[i] = 0;
    flac[21] = static_cast<char>(flac[21] & 0xf0);
    check_refused(write_bytes(folder / "in", flac), "too_long", "at most", {"--max-seconds", "2"});
  }
  SECTION("an MP3 by its frames") {
    const auto mp3 = encode(write_wav(folder / "a.wav", speech(4)), "lamemp3enc", folder / "in");
    check_refused(mp3, "too_long", "at most", {"--max-seconds", "3"});
  }
}

TEST_CASE("a header that claims more than can be is refused") {
  loa::tests::TempFolder folder;
  const auto wav = write_wav(folder / "a.wav", speech(1));
  SECTION("WAV") {
    const auto bytes = put32(bytes_of(wav), 40, 0xfffffff0U);
    check_refused(write_bytes(folder / "in", bytes), "claims_huge",
                  "the WAV header claims 4294967280 bytes of sound, but the file holds");
  }
  SECTION("FLAC") {
    auto bytes = bytes_of(encode(wav, "flacenc", folder / "whole"));
    bytes[21] = static_cast<char>(bytes[21] | 0x0f);
    for (std::size_t i = 22; i < 26; ++i) bytes[i] = '\xff';
    check_refused(write_bytes(folder / "in", bytes), "claims_huge",
                  "the FLAC header claims 398 hours of sound");
  }
  SECTION("M4A") {
    auto bytes = bytes_of(encode(wav, "voaacenc ! mp4mux", folder / "whole"));
    const auto box = bytes.find("mdat");
    REQUIRE(box != std::string::npos);
    bytes[box - 4] = '\x7f';
    check_refused(write_bytes(folder / "in", bytes), "claims_huge", "the M4A header claims");
  }
  SECTION("a file above the limit") {
    check_refused(wav, "too_large", "at most 0 MB are taken", {"--max-bytes", "1000"});
  }
}

TEST_CASE("silence and snippets are refused") {
  loa::tests::TempFolder folder;
  check_refused(write_wav(folder / "in", silence(5)), "silent_only", "the file holds only silence");
  check_refused(write_wav(folder / "in", silence(1) + sine(0.1, 440, 0.3)), "too_short",
                "less than half a second");
  check_refused(write_wav(folder / "in", {}), "decode_failed", "");
}

TEST_CASE("known kinds in a form that is not taken are refused") {
  loa::tests::TempFolder folder;
  const auto wav = write_wav(folder / "a.wav", speech(2));
  SECTION("compressed WAV") {
    check_refused(encode(wav, "mulawenc ! wavenc", folder / "in"), "decode_failed",
                  "the WAV file is compressed; save it as plain PCM");
  }
  SECTION("two streams in one Ogg file") {
    const auto ogg = bytes_of(encode(wav, "opusenc ! oggmux", folder / "whole"));
    check_refused(write_bytes(folder / "in", ogg + ogg), "decode_failed",
                  "the Ogg file holds several streams; one is taken");
  }
  SECTION("an Ogg file damaged inside") {
    auto ogg = bytes_of(encode(wav, "opusenc ! oggmux", folder / "whole"));
    ogg.replace(ogg.find("OggS", ogg.size() / 2), 4, "XXXX");
    check_refused(write_bytes(folder / "in", ogg), "decode_failed", "the Ogg file is damaged inside");
  }
  SECTION("a FLAC file of noise") {
    auto flac = bytes_of(encode(wav, "flacenc", folder / "whole"));
    for (std::size_t i = 9'000; i < flac.size(); ++i) flac[i] = static_cast<char>(i * 7919 >> 5);
    const auto clip = run_transcoder(write_bytes(folder / "in", flac), folder / "clip.opus");
    REQUIRE_FALSE(clip);
    CHECK((clip.error().code == "decode_failed" || clip.error().code == "truncated"));
  }
}

TEST_CASE("the watchdog ends a decoder that neither ends nor fails") {
  load_gstreamer();
  loa::tests::TempFolder folder;
  // Reading from a pipe whose writer says nothing is what a stuck decoder looks like from outside.
  REQUIRE(::mkfifo((folder / "in").c_str(), 0600) == 0);
  const int writer = ::open((folder / "in").c_str(), O_RDWR | O_NONBLOCK);
  REQUIRE(writer >= 0);
  const int reader = ::open((folder / "in").c_str(), O_RDONLY);
  const Inspection kind{.container = Container::flac};
  const auto decoded = decode(
      reader, kind, [](std::span<const float>) { return true; }, std::chrono::milliseconds(500));
  ::close(writer);
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().code == "decode_failed");
  CHECK_THAT(decoded.error().message, Catch::Contains("no more sound came for 0.5 s"));
}
