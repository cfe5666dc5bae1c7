#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "scheduler/time.hpp"

namespace loa::node {

/// Time since boot on CLOCK_MONOTONIC, the clock that sound starts on.
using Monotonic = std::chrono::nanoseconds;

/// One reading of both clocks, for one moment.
struct WallReading {
  Monotonic monotonic{};
  std::chrono::nanoseconds utc{};    ///< the system's wall clock, since the epoch
  std::chrono::nanoseconds width{};  ///< between two readings of CLOCK_MONOTONIC that enclose that of the wall clock; half of it is the error

  std::int64_t offset_ns() const { return (utc - monotonic).count(); }
};

/// What the kernel says of the system clock (adjtimex).
struct KernelClock {
  bool synchronised = false;                ///< somebody (chrony, timesyncd) disciplines it: no STA_UNSYNC
  std::chrono::microseconds max_error{0};   ///< `maxerror`: the kernel lets it grow by 500 ppm by itself
  std::chrono::microseconds est_error{0};   ///< `esterror`; 0 by one that does not reckon with errors (timesyncd)
};

/// What the board says of time; tests pass one that they tick.
class TimeSource {
 public:
  virtual ~TimeSource() = default;
  /// CLOCK_MONOTONIC. Any thread.
  virtual Monotonic monotonic() const = 0;
  /// The system's wall clock, never set by Loa, and CLOCK_MONOTONIC at the same moment. Any thread.
  virtual WallReading wall() const = 0;
  virtual KernelClock kernel() const = 0;
  /// What the battery-backed clock says, UTC since the epoch in whole seconds; none where the system clock was not set from one at boot.
  /// Linux's /sys/class/rtc (Documentation/ABI/testing/rtc-cdev: hctosys, since_epoch).
  virtual std::optional<std::chrono::seconds> rtc() const = 0;
  /// The kernel's id of this boot: monotonic times compare only within one.
  virtual std::string boot_id() const = 0;

  /// The wall clock alone, in whole milliseconds.
  scheduler::TimePoint system() const { return scheduler::TimePoint{std::chrono::floor<scheduler::Millis>(wall().utc)}; }
};

/// The real board.
class BoardTime final : public TimeSource {
 public:
  Monotonic monotonic() const override;
  /// The narrowest of several readings, so that being interrupted between two of them costs nothing.
  WallReading wall() const override;
  KernelClock kernel() const override;
  std::optional<std::chrono::seconds> rtc() const override;
  std::string boot_id() const override;
};

}  // namespace loa::node
