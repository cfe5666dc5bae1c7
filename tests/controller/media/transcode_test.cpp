#include <catch2/catch.hpp>

#include "controller/media/sha256.hpp"
#include "controller/media/transcode/ogg_serial.hpp"
#include "tests/controller/media/sounds.hpp"

using namespace loa::media;
using namespace loa::media::testing;

namespace {

/// Checks what a clip says of itself against what is heard in it.
Heard check_clip(const Clip& clip, const std::filesystem::path& file) {
  const auto heard = listen(file);
  CHECK(clip.sha256 == sha256_of(file));
  CHECK(clip.bytes == std::filesystem::file_size(file));
  CHECK(clip.samples == static_cast<std::int64_t>(heard.samples));
  CHECK(clip.duration_ms == (clip.samples * 1000 + 47'999) / 48'000);
  CHECK(clip.lufs == Approx(heard.lufs).margin(0.05));
  CHECK(clip.true_peak_dbtp == Approx(heard.true_peak_dbtp).margin(0.05));
  CHECK(heard.true_peak_dbtp <= -1.0);
  return heard;
}

}  // namespace

TEST_CASE("every kind of file that is taken becomes a clip of the wanted loudness") {
  struct Row {
    const char* name;
    const char* file;
    const char* elements;
  };
  const Row rows[] = {
      {"WAV", "a.wav", ""},
      {"MP3", "a.mp3", "lamemp3enc target=bitrate bitrate=64 cbr=true"},
      {"MP3 with tags", "b.mp3", "lamemp3enc ! xingmux ! id3v2mux"},
      {"M4A", "a.m4a", "voaacenc ! mp4mux"},
      {"Ogg Vorbis", "a.ogg", "vorbisenc ! oggmux"},
      {"Opus", "a.opus", "opusenc ! oggmux"},
      {"FLAC", "a.flac", "flacenc"},
  };
  loa::tests::TempFolder folder;
  const auto wav = write_wav(folder / "a.wav", speech(4));
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto in = *row.elements ? encode(wav, row.elements, folder / row.file) : wav;
      const auto clip = run_transcoder(in, folder / "clip.opus");
      REQUIRE(clip);
      const auto heard = check_clip(*clip, folder / "clip.opus");
      CHECK(heard.lufs == Approx(-16).margin(0.5));
      CHECK_FALSE(clip->limited_by_peak);
      CHECK(clip->duration_ms > 3'500);
      CHECK(clip->duration_ms < 4'150);
    }
  }
}

TEST_CASE("rates and channels of all sorts become mono 48 kHz") {
  struct Row {
    const char* name;
    const char* caps;
  };
  const Row rows[] = {
      {"telephone", "audio/x-raw,rate=8000,channels=1"},
      {"compact disc", "audio/x-raw,rate=44100,channels=2"},
      {"studio", "audio/x-raw,rate=96000,channels=2,format=S24LE"},
      {"floating point", "audio/x-raw,rate=48000,channels=1,format=F32LE"},
  };
  loa::tests::TempFolder folder;
  const auto wav = write_wav(folder / "a.wav", speech(3));
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto clip = run_transcoder(encode(wav, std::string(row.caps) + " ! wavenc", folder / "b.wav"),
                                       folder / "clip.opus");
      REQUIRE(clip);
      CHECK(check_clip(*clip, folder / "clip.opus").lufs == Approx(-16).margin(0.5));
    }
  }
}

TEST_CASE("level: very quiet, very loud, and what cannot be loud") {
  loa::tests::TempFolder folder;
  SECTION("quiet sound is raised") {
    const auto clip = run_transcoder(write_wav(folder / "a.wav", speech(3, 0.01)), folder / "clip.opus");
    REQUIRE(clip);
    CHECK(check_clip(*clip, folder / "clip.opus").lufs == Approx(-16).margin(0.5));
  }
  SECTION("loud sound is lowered") {
    const auto clip = run_transcoder(write_wav(folder / "a.wav", sine(3, 440, 1.0)), folder / "clip.opus");
    REQUIRE(clip);
    CHECK(check_clip(*clip, folder / "clip.opus").lufs == Approx(-16).margin(0.5));
  }
  SECTION("overdriven sound keeps the peak") {
    const auto clip = run_transcoder(write_wav(folder / "a.wav", speech(3, 4.0)), folder / "clip.opus");
    REQUIRE(clip);
    CHECK(check_clip(*clip, folder / "clip.opus").lufs == Approx(-16).margin(0.5));
  }
  SECTION("peaks 28 dB above the sound give up 15 dB, and the clip stays quieter and says so") {
    auto peaky = sine(4, 300, 0.036);
    for (std::size_t i = 12'000; i < peaky.size(); i += 24'000) peaky[i] = 0.9F;
    const auto clip = run_transcoder(write_wav(folder / "a.wav", peaky), folder / "clip.opus");
    REQUIRE(clip);
    CHECK(clip->limited_by_peak);
    CHECK(check_clip(*clip, folder / "clip.opus").lufs == Approx(-21).margin(1));
  }
  SECTION("bare clicks stay below the loudness, and the clip says so") {
    auto clicks = sine(4, 300, 0.001);
    for (std::size_t i = 0; i < clicks.size(); i += 24'000) clicks[i] = 0.9F;
    const auto clip = run_transcoder(write_wav(folder / "a.wav", clicks), folder / "clip.opus");
    REQUIRE(clip);
    CHECK(clip->limited_by_peak);
    CHECK(check_clip(*clip, folder / "clip.opus").lufs < -16.5);
  }
}

TEST_CASE("silence at both ends is trimmed to a short pad, silence inside stays") {
  loa::tests::TempFolder folder;
  const auto sound = silence(2) + sine(1, 440, 0.3) + silence(1.5) + sine(1, 440, 0.3) + silence(3);
  const auto clip = run_transcoder(write_wav(folder / "a.wav", sound), folder / "clip.opus");
  REQUIRE(clip);
  check_clip(*clip, folder / "clip.opus");
  CHECK(clip->duration_ms == Approx(3'500 + 300).margin(20));
  CHECK(clip->trimmed_ms == Approx(5'000 - 300).margin(20));
}

TEST_CASE("the same input gives the same clip, with mono, pre-skip and a fixed serial number") {
  loa::tests::TempFolder folder;
  const auto wav = write_wav(folder / "a.wav", speech(2));
  const auto first = run_transcoder(wav, folder / "1.opus"), second = run_transcoder(wav, folder / "2.opus");
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->sha256 == second->sha256);
  const auto bytes = bytes_of(folder / "1.opus");
  CHECK(bytes.substr(14, 4) == std::string("aoL\0", 4));
  CHECK(bytes.substr(28, 8) == "OpusHead");
  CHECK(bytes[37] == 1);
  CHECK((bytes[38] & 0xff) + 256 * (bytes[39] & 0xff) == 312);
  CHECK(first->bytes * 8 / 2 < 30'000);
}

TEST_CASE("progress rises from 0 to 100") {
  loa::tests::TempFolder folder;
  std::vector<int> percents;
  REQUIRE(run_transcoder(write_wav(folder / "a.wav", speech(4)), folder / "clip.opus", {}, &percents));
  REQUIRE(percents.size() > 5);
  CHECK(percents.front() == 0);
  CHECK(percents.back() == 100);
  CHECK(std::is_sorted(percents.begin(), percents.end()));
}
