#pragma once
#include "node-firmware/edge/sound_gate.hpp"

namespace loa::node::edge {

/// When an amplifier is to be on: from `on_before` before a sound is due until `off_after` after the last one. Pure; the caller ticks it.
class AmplifierTiming {
 public:
  struct Settings {
    std::chrono::milliseconds on_before{1000};  ///< what it needs to come up
    std::chrono::milliseconds off_after{5000};
  };
  struct Step {
    bool on = false;
    std::optional<Monotonic> again;  ///< when the answer may change by itself
    bool operator==(const Step&) const = default;
  };

  explicit AmplifierTiming(Settings settings) : settings_(settings) {}

  /// A sound that is due at once finds it switched on at once: nothing waits for an amplifier. It stays on where it would be off for
  /// less than `off_after` before the next sound: a relay wears by each change, and each may be heard. What was awaited and is not any
  /// more (another plan) switches it off at once, since nobody heard anything.
  Step at(Monotonic now, const SoundOutlook& outlook);

 private:
  Settings settings_;
  bool on_ = false;
  bool sounded_ = false;           ///< when asked last
  std::optional<Monotonic> last_;  ///< when the last sound was over, as far as one looked
};

}  // namespace loa::node::edge
