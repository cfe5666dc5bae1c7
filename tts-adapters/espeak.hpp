#pragma once
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

#include "tts-adapters/synthesizer.hpp"

namespace loa::process {
class Tally;
struct Outcome;
}

namespace loa::tts {

/// Speech by the program espeak-ng (GPL: run as a program, never linked), in a child with limits of time and memory and behind walls:
/// it reads its own data, writes the one file it is given, and reaches neither the network nor another program.
class EspeakSynthesizer : public Synthesizer {
 public:
  explicit EspeakSynthesizer(std::string program = "espeak-ng",
                             std::chrono::milliseconds time_limit = std::chrono::seconds(60),
                             std::shared_ptr<process::Tally> tally = {});

  std::string name() const override { return "espeak"; }
  /// Asks the program once.
  std::vector<Voice> voices() const override;
  std::size_t max_characters() const override { return 50'000; }
  Result<std::filesystem::path> synthesize(const Utterance& utterance, const std::filesystem::path& wav,
                                           const std::stop_token& stop) const override;

 private:
  process::Outcome run(std::vector<std::string> arguments, std::string text, const std::filesystem::path& wav,
                       std::chrono::milliseconds time_limit, const std::stop_token& stop) const;
  std::optional<Problem> fault_of(const Utterance& utterance) const;

  std::string program_;
  std::chrono::milliseconds time_limit_;
  std::shared_ptr<process::Tally> tally_;
  mutable std::mutex mutex_;
  mutable std::optional<std::vector<Voice>> voices_;
  mutable std::string why_no_voices_;
};

}  // namespace loa::tts
