#include "tts-adapters/espeak.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "process/run.hpp"

namespace loa::tts {

namespace {

constexpr int kWordsPerMinute = 170;

process::Limits limits_for(std::chrono::milliseconds wall) {
  process::Limits limits;
  limits.wall = wall;
  limits.cpu = std::chrono::ceil<std::chrono::seconds>(wall);
  limits.memory_bytes = 256ULL << 20;
  // An hour of speech at 22,050 Hz and 16 bits.
  limits.file_bytes = 160ULL << 20;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  limits.memory_bytes = 0;
#endif
  return limits;
}

/// One line of `espeak-ng --voices`: priority, language, age/gender, name, file, others.
std::optional<Voice> voice_of(const std::string& line) {
  std::istringstream fields(line);
  std::string priority, language, gender, name;
  if (!(fields >> priority >> language >> gender >> name) || priority == "Pty") return {};
  std::replace(name.begin(), name.end(), '_', ' ');
  return Voice{language, language, name};
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// espeak reads [[…]] as phonemes and would say anything in it.
std::string without_phonemes(std::string text) {
  for (std::size_t at = 0; (at = text.find("[[", at)) != std::string::npos; ++at) text[at] = ' ';
  return text;
}

}  // namespace

EspeakSynthesizer::EspeakSynthesizer(std::string program, std::chrono::milliseconds time_limit)
    : program_(std::move(program)), time_limit_(time_limit) {}

std::vector<Voice> EspeakSynthesizer::voices() const {
  const std::scoped_lock lock(mutex_);
  if (voices_) return *voices_;
  std::vector<Voice> found;
  const auto outcome = process::run({.argv = {program_, "--voices"}}, limits_for(std::chrono::seconds(10)));
  std::istringstream lines(outcome.ok() ? outcome.out : "");
  for (std::string line; std::getline(lines, line);)
    if (auto voice = voice_of(line)) found.push_back(std::move(*voice));
  std::stable_sort(found.begin(), found.end(), [](const Voice& a, const Voice& b) { return a.id < b.id; });
  found.erase(
      std::unique(found.begin(), found.end(), [](const Voice& a, const Voice& b) { return a.id == b.id; }),
      found.end());
  // A program that is missing now may be installed later; only an answer is kept.
  if (!found.empty()) voices_ = found;
  return found;
}

std::optional<Problem> EspeakSynthesizer::fault_of(const Utterance& utterance) const {
  if (utterance.text.find_first_not_of(" \t\r\n") == std::string::npos)
    return Problem{"text_empty", "there is no text to speak"};
  if (const auto count = characters(utterance.text); count > max_characters())
    return Problem{"text_too_long", fmt::format("the text has {} characters in words; at most {} are spoken",
                                                count, max_characters())};
  if (!(utterance.speed >= 0.5 && utterance.speed <= 2))
    return Problem{"bad_speed", "the speed must lie between 0.5 and 2"};
  const auto known = voices();
  if (known.empty()) return Problem{"speech_failed", program_ + " does not answer: is it installed?"};
  if (std::none_of(known.begin(), known.end(),
                   [&](const Voice& voice) { return voice.id == utterance.voice; }))
    return Problem{"unknown_voice", "espeak has no voice named " + utterance.voice};
  return {};
}

Result<std::filesystem::path> EspeakSynthesizer::synthesize(const Utterance& utterance,
                                                            const std::filesystem::path& wav,
                                                            const std::stop_token& stop) const {
  if (auto fault = fault_of(utterance)) return *fault;
  process::Command command;
  command.argv = {program_,
                  "-v",
                  utterance.voice,
                  "-s",
                  fmt::format("{:.0f}", kWordsPerMinute * utterance.speed),
                  "-b",
                  "1",
                  "-w",
                  wav.string(),
                  "--stdin"};
  command.stdin_text = without_phonemes(utterance.text);
  const auto outcome = process::run(command, limits_for(time_limit_), stop);
  if (outcome.ok() && std::filesystem::exists(wav)) return wav;
  std::error_code ignored;
  std::filesystem::remove(wav, ignored);
  switch (outcome.end) {
    case process::End::cancelled:
      return Problem{"cancelled", "the work was cancelled"};
    case process::End::wall_time:
    case process::End::cpu_time:
      return Problem{"speech_timeout", outcome.message};
    default:
      return Problem{"speech_failed",
                     outcome.message + (outcome.err.empty() ? "" : ": " + outcome.err.substr(0, 300))};
  }
}

}  // namespace loa::tts
