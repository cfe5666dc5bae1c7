#pragma once
#include "tests/support/false_clock.hpp"
#include "tests/system/village.hpp"

namespace loa::tests {

/// Seconds since the epoch, by the machine's clock.
inline double seconds_now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

/// The wall clock by which controller and nodes of a village live, so that a test need not wait for a minute to pass. Kernels say that somebody
/// keeps it, so that nodes follow it, within a second. Made before the village's nodes are started.
class SharedClock {
 public:
  /// The controller takes it at its next start.
  explicit SharedClock(Village& village) : clock_(village.folder() / "clock") {
    village.start_under(clock_.environment(), clock_.environment(LOA_FALSE_SYNC));
  }
  /// Sets it forward by so many whole seconds.
  void pass(int seconds) {
    ahead_ += seconds;
    clock_.set("+" + std::to_string(ahead_));
  }
  double now() const { return seconds_now() + ahead_; }
  /// When it is, or was, so late, by the machine's own clock and as it is set by now.
  double machine_time(double seconds) const { return seconds - ahead_; }

 private:
  SettableClock clock_;
  int ahead_ = 0;
};

}  // namespace loa::tests
