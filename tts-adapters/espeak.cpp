#include "tts-adapters/espeak.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "process/run.hpp"
#include "process/tally.hpp"

namespace loa::tts {

namespace {

constexpr int kWordsPerMinute = 170;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCanConfine = false;
#else
constexpr bool kCanConfine = true;
#endif

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

/// What espeak-ng reads and writes: its data, wherever the package puts them, and one file. It never plays, but the
/// libraries of sound that it is linked with look for their settings and a server before they are not needed.
process::Reach reach_of(const std::filesystem::path& wav) {
  process::Reach reach;
  reach.read = {"/usr/share/espeak-ng-data"};
  if (!wav.empty()) reach.write = {wav};
  reach.refused = {"/nonexistent", "/etc/pulse", "/etc/alsa", "/etc/asound.conf", "/etc/machine-id", "/var/lib/dbus/machine-id",
                   "/dev/shm", "/dev/snd", "/run/pulse", "/run/user", "/usr/share/alsa"};
  return reach;
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

EspeakSynthesizer::EspeakSynthesizer(std::string program, std::chrono::milliseconds time_limit,
                                     std::shared_ptr<process::Tally> tally)
    : program_(std::move(program)), time_limit_(time_limit), tally_(std::move(tally)) {}

process::Outcome EspeakSynthesizer::run(std::vector<std::string> arguments, std::string text, const std::filesystem::path& wav,
                                        std::chrono::milliseconds time_limit, const std::stop_token& stop) const {
  process::Command command;
  command.argv = {program_};
  command.argv.insert(command.argv.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  command.stdin_text = std::move(text);
  command.environment = {"HOME=/nonexistent"};
  if (kCanConfine) command.reach = reach_of(wav);
  auto outcome = process::run(command, limits_for(time_limit), stop);
  if (tally_) tally_->count(outcome);
  return outcome;
}

std::vector<Voice> EspeakSynthesizer::voices() const {
  const std::scoped_lock lock(mutex_);
  if (voices_) return *voices_;
  std::vector<Voice> found;
  const auto outcome = run({"--voices"}, {}, {}, std::chrono::seconds(10), {});
  std::istringstream lines(outcome.ok() ? outcome.out : "");
  for (std::string line; std::getline(lines, line);)
    if (auto voice = voice_of(line)) found.push_back(std::move(*voice));
  std::stable_sort(found.begin(), found.end(), [](const Voice& a, const Voice& b) { return a.id < b.id; });
  found.erase(
      std::unique(found.begin(), found.end(), [](const Voice& a, const Voice& b) { return a.id == b.id; }),
      found.end());
  why_no_voices_ = outcome.ok() ? program_ + " names no voice" : outcome.message;
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
  if (known.empty()) {
    const std::scoped_lock lock(mutex_);
    return Problem{"speech_failed", program_ + " does not answer: is it installed? " + why_no_voices_};
  }
  if (std::none_of(known.begin(), known.end(),
                   [&](const Voice& voice) { return voice.id == utterance.voice; }))
    return Problem{"unknown_voice", "espeak has no voice named " + utterance.voice};
  return {};
}

Result<std::filesystem::path> EspeakSynthesizer::synthesize(const Utterance& utterance,
                                                            const std::filesystem::path& wav,
                                                            const std::stop_token& stop) const {
  if (auto fault = fault_of(utterance)) return *fault;
  // Made here, because the program may change this one file and make none.
  if (std::ofstream file(wav, std::ios::trunc); !file) return Problem{"speech_failed", "cannot write " + wav.string()};
  const auto outcome = run({"-v",
                  utterance.voice,
                  "-s",
                  fmt::format("{:.0f}", kWordsPerMinute * utterance.speed),
                  "-b",
                  "1",
                  "-w",
                  wav.string(),
                  "--stdin"},
                 without_phonemes(utterance.text), wav, time_limit_, stop);
  std::error_code ignored;
  if (outcome.ok() && std::filesystem::file_size(wav, ignored) > 0) return wav;
  std::filesystem::remove(wav, ignored);
  switch (outcome.end) {
    case process::End::cancelled:
      return Problem{"cancelled", "the work was cancelled"};
    case process::End::wall_time:
    case process::End::cpu_time:
      return Problem{"speech_timeout", outcome.message};
    case process::End::confined:
      return Problem{"confined", "the words make the speaking program do what no speech needs: " + outcome.message};
    default:
      return Problem{"speech_failed",
                     outcome.message + (outcome.err.empty() ? "" : ": " + outcome.err.substr(0, 300))};
  }
}

}  // namespace loa::tts
