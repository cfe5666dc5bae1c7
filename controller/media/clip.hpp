#pragma once
#include <boost/system/result.hpp>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>

namespace loa::media {

/// Why there is no clip: a stable code (the page maps it to Vietnamese) and one English sentence for a
/// person. Codes of loa-transcode: `not_audio`, `truncated`, `too_long`, `too_short`, `claims_huge`,
/// `silent_only`, `decode_failed`, `too_large`. Around it: `out_of_limits` (time, memory or size of the
/// child), `confined` (it tried what its walls forbid), `transcoder_missing`, `cancelled`, `queue_full`, `storage_failed`, and the codes of tts::Problem
/// for speech.
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

/// A finished clip as it lies in the store: mono Ogg/Opus (RFC 7845), 48 kHz, 24 kb/s.
struct Clip {
  std::string sha256;  ///< 64 lower-case hexadecimal digits: its name
  std::uint64_t bytes = 0;
  std::int64_t duration_ms = 0;  ///< exact decoded samples, rounded up to a millisecond
  std::int64_t samples = 0;      ///< at 48 kHz, after pre-skip and end trimming
  double lufs = 0;  ///< integrated loudness of the decoded clip (EBU R128), −16 ± 0.5 unless limited_by_peak
  double true_peak_dbtp = 0;     ///< of the decoded clip, ≤ −1
  bool limited_by_peak = false;  ///< it is quieter than wanted, because louder would break the peak
  std::int64_t trimmed_ms = 0;   ///< silence taken from both ends together
};

}  // namespace loa::media
