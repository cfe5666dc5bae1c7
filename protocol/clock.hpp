#pragma once
#include "scheduler/time.hpp"

namespace loa::protocol {

/// Where a process takes the time from; tests pass one that they tick.
class Clock {
 public:
  virtual ~Clock() = default;
  /// The best known time in UTC. Any thread.
  virtual scheduler::TimePoint now() const = 0;
};

/// The system's own clock, as the controller uses it.
class SystemClock final : public Clock {
 public:
  scheduler::TimePoint now() const override {
    return std::chrono::time_point_cast<scheduler::Millis>(std::chrono::system_clock::now());
  }
};

}  // namespace loa::protocol
