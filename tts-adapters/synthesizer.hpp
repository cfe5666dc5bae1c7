#pragma once
#include <boost/system/result.hpp>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <ostream>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace loa::tts {

/// Why text did not become speech: a stable code and one sentence for a person. Codes: `text_empty`,
/// `text_too_long`, `text_invalid` (not UTF-8, or control characters), `unknown_voice`,
/// `unknown_synthesizer`, `bad_speed`, `speech_failed`, `speech_timeout`, `cancelled`.
struct Problem {
  Problem() = default;
  Problem(std::string its_code, std::string its_message)
      : code(std::move(its_code)), message(std::move(its_message)) {}
  std::string code;
  std::string message;
};

inline std::ostream& operator<<(std::ostream& out, const Problem& problem) {
  return out << problem.code << ": " << problem.message;
}

/// Called by boost::system::result when value() is taken of a problem: a bug in the caller.
[[noreturn]] void throw_exception_from_error(const Problem& problem, const boost::source_location&);

template <class T>
using Result = boost::system::result<T, Problem>;

/// A voice by the name that synthesize() takes, with its BCP 47 language in lower case and a name to show.
struct Voice {
  std::string id;
  std::string language;
  std::string name;
};

/// What is to be spoken: words already (see reading.hpp), a voice of this synthesizer, and speed 0.5 to 2 (1
/// = normal).
struct Utterance {
  std::string text;
  std::string voice;
  double speed = 1.0;
};

/// Text to speech. All calls may block and may come from any thread, one at a time for each object and file.
class Synthesizer {
 public:
  virtual ~Synthesizer() = default;
  /// The registry's name for it, for example "espeak".
  virtual std::string name() const = 0;
  /// Its voices, sorted by id; empty where the engine is not installed.
  virtual std::vector<Voice> voices() const = 0;
  /// The most Unicode characters it takes at once.
  virtual std::size_t max_characters() const = 0;
  /// Writes a mono WAV file to `wav` (replaced where it exists) and returns that path.
  virtual Result<std::filesystem::path> synthesize(const Utterance& utterance,
                                                   const std::filesystem::path& wav,
                                                   const std::stop_token& stop) const = 0;
};

/// The synthesizers of this installation by name; made once at start, read only afterwards, so any thread may
/// read it.
class Registry {
 public:
  /// A second one of the same name is a bug (std::logic_error).
  void add(std::unique_ptr<Synthesizer> synthesizer);
  /// The named one, or null.
  const Synthesizer* find(const std::string& name) const;
  std::vector<std::string> names() const;

 private:
  std::vector<std::unique_ptr<Synthesizer>> all_;
};

}  // namespace loa::tts
