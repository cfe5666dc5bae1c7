#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "node-firmware/node_clock.hpp"

namespace loa::node {

/// What the service manager is told (sd_notify(3)); without one everything here does nothing. Loop thread.
class Health {
 public:
  Health();
  void ready();
  void stopping();
  /// One line for `systemctl status`; sent only when it changed.
  void status(const std::string& line);
  /// Feeds the watchdog when half its time is over; called from the loop only, so that a stuck loop is noticed.
  /// The answer is when to call again; nothing where no watchdog watches.
  std::optional<Monotonic> feed(Monotonic now);

 private:
  std::optional<std::chrono::microseconds> watchdog_;
  Monotonic next_{};
  std::string status_;
};

/// `PRETTY_NAME` of os-release(5); empty where there is none.
std::string operating_system();

}  // namespace loa::node
