#pragma once
#include <algorithm>
#include <chrono>

namespace loa::protocol {

/// Full-jitter back-off: each delay is drawn evenly between nothing and a bound that doubles up to a cap.
/// A connection that ends before it was stable counts as one more failure. Pure: chance and durations are passed in.
class Backoff {
 public:
  using Millis = std::chrono::milliseconds;

  /// `base` bounds the first delay, `cap` every delay; a session counts as stable after `stable_after`.
  Backoff(Millis base, Millis cap, Millis stable_after) : base_(base), cap_(cap), stable_after_(stable_after) {}

  /// The bound of the next delay.
  Millis bound() const {
    Millis bound = std::min(base_, cap_);
    for (int i = 0; i < failures_ && bound < cap_; ++i) bound = std::min(cap_, bound * 2);
    return bound;
  }

  /// The delay before the next attempt, and counts one failure; `chance` is in [0, 1).
  Millis next(double chance) {
    const Millis delay{static_cast<Millis::rep>(static_cast<double>(bound().count()) * chance)};
    if (bound() < cap_) ++failures_;
    return delay;
  }

  /// Told how long a session lasted when it ends: only a stable one starts the count anew.
  void session_lasted(Millis duration) {
    if (duration >= stable_after_) failures_ = 0;
  }

 private:
  Millis base_;
  Millis cap_;
  Millis stable_after_;
  int failures_ = 0;
};

}  // namespace loa::protocol
