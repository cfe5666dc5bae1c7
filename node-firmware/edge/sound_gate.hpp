#pragma once
#include <chrono>
#include <optional>

namespace loa::node::edge {

/// Time since boot on CLOCK_MONOTONIC, as in the agent and the player.
using Monotonic = std::chrono::nanoseconds;

/// What the conductor knows of sound at one moment.
struct SoundOutlook {
  bool sounding = false;           ///< something sounds, or is told to begin, or its last samples are still on their way
  std::optional<Monotonic> next;   ///< when the next sound is due, as far as is known now
  bool operator==(const SoundOutlook&) const = default;
};

/// What stands between player and loudspeaker and must know of sound beforehand: an amplifier's relay. Loop thread.
class SoundGate {
 public:
  virtual ~SoundGate() = default;
  /// Told before the player is told, at each look of the conductor. The answer: when to be told again at the latest. Never throws: what
  /// fails here must not keep sound from beginning.
  virtual std::optional<Monotonic> expect(Monotonic now, const SoundOutlook& outlook) = 0;
};

}  // namespace loa::node::edge
