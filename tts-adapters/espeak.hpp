#pragma once
#include <chrono>
#include <mutex>
#include <optional>

#include "tts-adapters/synthesizer.hpp"

namespace loa::tts {

/// Speech by the program espeak-ng (GPL: run as a program, never linked), in a child with limits of time and
/// memory.
class EspeakSynthesizer : public Synthesizer {
 public:
  explicit EspeakSynthesizer(std::string program = "espeak-ng",
                             std::chrono::milliseconds time_limit = std::chrono::seconds(60));

  std::string name() const override { return "espeak"; }
  /// Asks the program once.
  std::vector<Voice> voices() const override;
  std::size_t max_characters() const override { return 50'000; }
  Result<std::filesystem::path> synthesize(const Utterance& utterance, const std::filesystem::path& wav,
                                           const std::stop_token& stop) const override;

 private:
  std::optional<Problem> fault_of(const Utterance& utterance) const;

  std::string program_;
  std::chrono::milliseconds time_limit_;
  mutable std::mutex mutex_;
  mutable std::optional<std::vector<Voice>> voices_;
};

}  // namespace loa::tts
