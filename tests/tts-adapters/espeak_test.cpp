#include "tts-adapters/espeak.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>

#include "process/tally.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa::tts;

namespace {

/// Where the speech of one test goes.
struct Desk {
  loa::tests::TempFolder folder;
  std::filesystem::path wav = folder / "speech.wav";

  Result<std::filesystem::path> speak(const Synthesizer& synthesizer, const Utterance& utterance) const {
    return synthesizer.synthesize(utterance, wav, {});
  }
  /// A program of our own in place of espeak-ng.
  std::string script(const std::string& body) const {
    const auto file = folder / "espeak";
    std::ofstream(file)
        << "#!/bin/sh\nif [ \"$1\" = --voices ]; then echo ' 5 vi --/M Viet aav/vi'; exit 0; fi\n"
        << body << "\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file.string();
  }
};

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

TEST_CASE_METHOD(Desk, "espeak speaks Vietnamese into a WAV file") {
  const EspeakSynthesizer espeak;
  const auto spoken = speak(espeak, {"Xin chào bà con", "vi", 1.0});
  REQUIRE(spoken);
  CHECK(*spoken == wav);
  const auto normal = std::filesystem::file_size(wav);
  CHECK(normal > 20'000);
  REQUIRE(speak(espeak, {"Xin chào bà con", "vi", 2.0}));
  CHECK(std::filesystem::file_size(wav) < normal * 7 / 10);
}

TEST_CASE_METHOD(Desk, "phoneme brackets are spoken as text and not obeyed") {
  CHECK(speak(EspeakSynthesizer(), {"[[a a a]]", "vi", 1.0}));
}

TEST_CASE_METHOD(Desk, "what espeak cannot speak is refused") {
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
      const auto spoken = speak(espeak, row.utterance);
      REQUIRE_FALSE(spoken);
      CHECK(spoken.error().code == row.code);
    }
  }
}

TEST_CASE_METHOD(Desk, "an espeak that is missing, hangs, fails or is cancelled says so and leaves no file") {
  using namespace std::chrono_literals;
  CHECK(speak(EspeakSynthesizer("/nowhere/espeak-ng"), {"a", "vi", 1}).error().message ==
        "/nowhere/espeak-ng does not answer: is it installed? cannot start /nowhere/espeak-ng: No such file or directory");
  const auto hangs = speak(EspeakSynthesizer(script("while :; do :; done"), 300ms), {"a", "vi", 1});
  REQUIRE_FALSE(hangs);
  CHECK(hangs.error().code == "speech_timeout");
  const auto fails = speak(EspeakSynthesizer(script("echo broken >&2; exit 1")), {"a", "vi", 1});
  REQUIRE_FALSE(fails);
  CHECK(fails.error().code == "speech_failed");
  CHECK(fails.error().message.find("broken") != std::string::npos);
  std::stop_source stop;
  stop.request_stop();
  const EspeakSynthesizer slow(script("while :; do :; done"));
  REQUIRE_FALSE(slow.voices().empty());
  CHECK(slow.synthesize({"a", "vi", 1}, wav, stop.get_token()).error().code == "cancelled");
  CHECK_FALSE(std::filesystem::exists(wav));
}

TEST_CASE_METHOD(Desk, "a speaking program that tries what no speech needs is ended, and the reason is said") {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  struct Row {
    const char* name;
    std::string script;
    std::string message;
  };
  const auto elsewhere = (folder / "elsewhere").string();
  const Row rows[] = {
      {"another program", "sleep 60", "espeak tried to start another process"},
      {"the list of accounts", "read line </etc/passwd", "espeak tried to open /etc/passwd"},
      {"a file elsewhere", "echo x >" + elsewhere, "espeak tried to write " + elsewhere},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto tally = std::make_shared<loa::process::Tally>();
      const auto spoken = speak(EspeakSynthesizer(script(row.script), std::chrono::seconds(20), tally), {"a", "vi", 1});
      REQUIRE_FALSE(spoken);
      CHECK(spoken.error().code == "confined");
      CHECK_THAT(spoken.error().message, Catch::Contains(row.message + ", which it may not, and was ended"));
      CHECK(tally->of(loa::process::End::confined) == 1);
      CHECK_FALSE(std::filesystem::exists(wav));
      CHECK_FALSE(std::filesystem::exists(elsewhere));
    }
  }
#endif
}

TEST_CASE("the registry finds synthesizers by name") {
  Registry registry;
  registry.add(std::make_unique<EspeakSynthesizer>());
  REQUIRE(registry.find("espeak"));
  CHECK(registry.find("piper") == nullptr);
  CHECK(registry.names() == std::vector<std::string>{"espeak"});
  CHECK_THROWS_AS(registry.add(std::make_unique<EspeakSynthesizer>()), std::logic_error);
}
