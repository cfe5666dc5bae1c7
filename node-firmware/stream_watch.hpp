#pragma once
#include "scheduler/time.hpp"

namespace loa::node {

using scheduler::Millis;

/// What a stretch of a stream was for who listens: sound, silence that came, or nothing, for nothing came.
enum class Heard { sound, silence, nothing };

enum class StreamHealth {
  opening,  ///< nothing was heard yet, nor waited for too long
  good,
  lost,     ///< nothing came for too long
  silent    ///< what came was silence for too long
};

struct WatchTimes {
  Millis opening{10'000};      ///< nothing for so long after the first try: lost
  Millis lost{3'000};          ///< nothing for so long later: lost
  Millis silent{10'000};       ///< silence for so long: silent
  Millis pause{3'000};         ///< silence up to this is a pause in what is steady
  Millis steady{20'000};       ///< sound for so long makes a lost or silent stream good; twice that at each further fall …
  Millis most_steady{160'000}; ///< … but no longer than this
  Millis forgets{600'000};     ///< good for so long: earlier falls are forgotten
};

/// Whether a stream can be relied upon, by what would have been heard of it so far. Falls late and rises later, so that neither a pause nor a
/// stream that comes and goes makes the sound change to and fro. Pure: time is what was taken; no thread.
class StreamWatch {
 public:
  explicit StreamWatch(WatchTimes times = {}) : times_(times) {}

  /// Takes the next stretch; true where the health changed.
  bool take(Heard heard, Millis length);
  StreamHealth health() const { return health_; }
  /// Opening counts: it was asked for just now, and silence of seconds is not yet a reason for a substitute that then stays.
  bool playable() const { return health_ == StreamHealth::opening || health_ == StreamHealth::good; }
  /// How long the silence lasts by now.
  Millis silence() const { return silence_; }

 private:
  bool become(StreamHealth health);
  Millis wanted_steady() const;

  WatchTimes times_;
  StreamHealth health_ = StreamHealth::opening;
  Millis nothing_{0};  ///< the last stretch of each kind without the others
  Millis silence_{0};
  Millis steady_{0};   ///< lost, silent: sound without a hole; good: since it became good
  int falls_ = 0;
};

}  // namespace loa::node
