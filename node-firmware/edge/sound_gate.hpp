#pragma once
#include <chrono>
#include <cstdint>
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

/// What the board could tell of one track at the amplifier.
struct Measured {
  bool measured = false;       ///< it has an ear or a fault line there, and could use it
  std::optional<double> dbfs;  ///< RMS at the amplifier, where it has an ear
  bool silent = false;         ///< sound was sent, and nothing came out of the amplifier
  bool operator==(const Measured&) const = default;
};

/// What stands between player and loudspeaker and must know of sound beforehand: an amplifier's relay. Loop thread.
class SoundGate {
 public:
  virtual ~SoundGate() = default;
  /// Told before the player is told, at each look of the conductor. The answer: when to be told again at the latest. Never throws: what
  /// fails here must not keep sound from beginning.
  virtual std::optional<Monotonic> expect(Monotonic now, const SoundOutlook& outlook) = 0;
  /// The first sample of a track left the sink.
  virtual void began(Monotonic now, std::uint64_t track) = 0;
  /// A track is over; `digital_dbfs` is the level that was sent to the sink, nothing where none was. An unknown track measured nothing.
  virtual Measured ended(Monotonic now, std::uint64_t track, std::optional<double> digital_dbfs) = 0;
};

}  // namespace loa::node::edge
