#pragma once
#include "protocol/clock.hpp"

namespace loa::tests {

/// A clock that the test ticks.
class FakeClock final : public protocol::Clock {
 public:
  explicit FakeClock(scheduler::TimePoint start = scheduler::from_ms(1'795'500'000'000)) : now_{start} {}
  scheduler::TimePoint now() const override { return now_; }
  void tick(scheduler::Millis by) { now_ += by; }
  void set(scheduler::TimePoint to) { now_ = to; }

 private:
  scheduler::TimePoint now_;
};

}  // namespace loa::tests
