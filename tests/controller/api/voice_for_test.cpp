#include "controller/api/voice_for.hpp"

#include <catch2/catch.hpp>

#include "tests/controller/api/fixture.hpp"

namespace loa::api {

TEST_CASE("a text is read by a voice of its language, or by none") {
  const std::vector<VoiceChoice> voices{{"espeak/af", "Afrikaans", "af"},        {"espeak/en-gb", "English", "en-gb"},
                                        {"espeak/en-us", "American", "en-us"},   {"espeak/vi-vn-x-central", "Miền Trung", "vi-vn-x-central"},
                                        {"espeak/vi", "Tiếng Việt", "vi"},       {"espeak/zh-hant", "中文", "zh-Hant"}};
  struct Row {
    const char* name;
    const char* language;
    const char* voice;  ///< empty: none
  };
  const Row rows[] = {
      {"the very tag", "vi", "espeak/vi"},
      {"the same in capitals", "VI", "espeak/vi"},
      {"a country that no voice has by itself", "vi-VN", "espeak/vi"},
      {"a region that one has", "vi-VN-x-central", "espeak/vi-vn-x-central"},
      {"a language of which there are only regions", "en", "espeak/en-gb"},
      {"another of its regions", "en-AU", "espeak/en-gb"},
      {"one of its regions", "en-US", "espeak/en-us"},
      {"a script in another case", "zh-hant", "espeak/zh-hant"},
      {"a language without a voice", "hmn", ""},
      {"one whose tag begins with that of another", "vie", ""},
      {"one whose tag is the beginning of that of another", "v", ""},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto* voice = voice_for(voices, row.language);
    CHECK((voice ? voice->id : "") == row.voice);
  }
}

TEST_CASE("an alert in a language without a voice goes with its stock clip, and is read in no other") {
  TestApi api;
  auto client = api.client("approver");
  const auto send = [&](const std::string& language) {
    const auto prepared = client.post("/api/v1/alerts", R"({"area":"hue-a","status":"actual","event":"flood","title":"Lũ","minutes":10,"text":"Nước đang lên.","language":")" + language + R"("})");
    return client.post("/api/v1/alerts/" + prepared.text("/id") + "/confirm", R"({"confirmation_token":")" + prepared.text("/confirmation_token") + R"("})");
  };
  const auto mute = send("hmn");
  CHECK(mute.text("/state") == "active");
  CHECK(mute.text("/speech") == "failed");
  CHECK(mute.text("/speech_problem") == "There is no voice of the language \"hmn\".");
  CHECK(mute.text("/stock_clip") == "flood");
  CHECK(api.calls.jobs.empty());
  CHECK(send("vi-VN").text("/speech") == "spoken");
  REQUIRE(api.calls.jobs.size() == 1);
  CHECK(std::get<media::Speech>(api.calls.jobs[0]).voice == "vi");
}

}  // namespace loa::api
