#include "tts-adapters/espeak.hpp"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>

using namespace loa::tts;

namespace {

std::filesystem::path wav_file() {
  return std::filesystem::temp_directory_path() / ("loa-speech-" + std::to_string(::getpid()) + ".wav");
}

Result<std::filesystem::path> speak(const Synthesizer& synthesizer, Utterance utterance) {
  return synthesizer.synthesize(utterance, wav_file(), {});
}

/// A program of our own in place of espeak-ng.
std::filesystem::path script(const std::string& body) {
  const auto file = std::filesystem::temp_directory_path() / ("loa-espeak-" + std::to_string(::getpid()));
  std::ofstream(file)
      << "#!/bin/sh\nif [ \"$1\" = --voices ]; then echo ' 5 vi --/M Viet aav/vi'; exit 0; fi\n"
      << body << "\n";
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  return file;
}

}  // namespace

TEST_CASE("espeak lists the three Vietnamese voices with their language") {
  const EspeakSynthesizer espeak;
  const auto voices = espeak.voices();
  for (const char* id : {"vi", "vi-vn-x-central", "vi-vn-x-south", "en-gb"}) {
    const auto found =
        std::find_if(voices.begin(), voices.end(), [&](const Voice& voice) { return voice.id == id; });
    REQUIRE(found != voices.end());
    CHECK(found->language == id);
    CHECK_FALSE(found->name.empty());
  }
}

TEST_CASE("espeak speaks Vietnamese into a WAV file") {
  const EspeakSynthesizer espeak;
  const auto wav = speak(espeak, {"Xin chào bà con", "vi", 1.0});
  REQUIRE(wav);
  CHECK(std::filesystem::file_size(*wav) > 20'000);
  const auto normal = std::filesystem::file_size(*wav);
  REQUIRE(speak(espeak, {"Xin chào bà con", "vi", 2.0}));
  CHECK(std::filesystem::file_size(*wav) < normal * 7 / 10);
  std::filesystem::remove(*wav);
}

TEST_CASE("phoneme brackets are spoken as text and not obeyed") {
  CHECK(speak(EspeakSynthesizer(), {"[[a a a]]", "vi", 1.0}));
  std::filesystem::remove(wav_file());
}

TEST_CASE("what espeak cannot speak is refused") {
  const EspeakSynthesizer espeak;
  struct Row {
    const char* name;
    Utterance utterance;
    const char* code;
  };
  const Row rows[] = {
      {"empty", {"", "vi", 1}, "text_empty"},
      {"too long", {std::string(50'001, 'a'), "vi", 1}, "text_too_long"},
      {"unknown voice", {"a", "vi-tay", 1}, "unknown_voice"},
      {"a voice that is an option", {"a", "--path=/", 1}, "unknown_voice"},
      {"too fast", {"a", "vi", 3}, "bad_speed"},
      {"not a speed", {"a", "vi", std::nan("")}, "bad_speed"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto wav = speak(espeak, row.utterance);
      REQUIRE_FALSE(wav);
      CHECK(wav.error().code == row.code);
    }
  }
}

TEST_CASE("an espeak that is missing, hangs, fails or is cancelled says so and leaves no file") {
  using namespace std::chrono_literals;
  CHECK(speak(EspeakSynthesizer("/nowhere/espeak-ng"), {"a", "vi", 1}).error().message ==
        "/nowhere/espeak-ng does not answer: is it installed?");
  const auto hangs = speak(EspeakSynthesizer(script("sleep 60").string(), 300ms), {"a", "vi", 1});
  REQUIRE_FALSE(hangs);
  CHECK(hangs.error().code == "speech_timeout");
  const auto fails = speak(EspeakSynthesizer(script("echo broken >&2; exit 1").string()), {"a", "vi", 1});
  REQUIRE_FALSE(fails);
  CHECK(fails.error().code == "speech_failed");
  CHECK(fails.error().message.find("broken") != std::string::npos);
  std::stop_source stop;
  stop.request_stop();
  const EspeakSynthesizer slow(script("sleep 60").string());
  REQUIRE_FALSE(slow.voices().empty());
  CHECK(slow.synthesize({"a", "vi", 1}, wav_file(), stop.get_token()).error().code == "cancelled");
  CHECK_FALSE(std::filesystem::exists(wav_file()));
  std::filesystem::remove(script(""));
}

TEST_CASE("the registry finds synthesizers by name") {
  Registry registry;
  registry.add(std::make_unique<EspeakSynthesizer>());
  REQUIRE(registry.find("espeak"));
  CHECK(registry.find("piper") == nullptr);
  CHECK(registry.names() == std::vector<std::string>{"espeak"});
  CHECK_THROWS_AS(registry.add(std::make_unique<EspeakSynthesizer>()), std::logic_error);
}
