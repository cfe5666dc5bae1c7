#pragma once
#include <atomic>
#include <optional>
#include <string>

#include "node-firmware/clock_bound.hpp"
#include "node-firmware/time_source.hpp"
#include "protocol/clock.hpp"
#include "scheduler/record.hpp"

namespace loa::node {

/// An offset that an earlier run had reason to trust; counts only within the same boot.
struct HeldOffset {
  std::string boot_id;
  std::int64_t offset_ns = 0;  ///< UTC since the epoch − CLOCK_MONOTONIC
  ErrorBound bound{};          ///< how far it was off at most; the default: right at boot
  bool operator==(const HeldOffset&) const = default;
};

/// Whether `now` is worth a write to flash where `kept` stands: another time, or one known so much better that a run that starts from it would
/// trust it ever longer (about once a day).
bool worth_keeping(const HeldOffset& now, const std::optional<HeldOffset>& kept);

/// The node's own time: an offset over CLOCK_MONOTONIC. It never sets the system clock.
/// While nothing is trusted it runs from the newest signed time, the least that can be true.
/// A fresh head proves the time; where it differs from the system clock by more than 2 s + round trip the head wins.
/// What it comes from bounds its error (clock_bound.hpp), and a bound that is too wide makes it untrusted.
/// now() and trusted() from any thread, the rest on the loop thread.
class NodeClock final : public protocol::Clock {
 public:
  /// `floor`: the build date or the newest signed time seen, whichever is later; a system clock before it is not believed.
  NodeClock(const TimeSource& source, scheduler::TimePoint floor, std::optional<HeldOffset> held = {});

  scheduler::TimePoint now() const override;
  Monotonic monotonic() const { return source_.monotonic(); }
  /// The moment on CLOCK_MONOTONIC at which now() will be `time`, by what is known now.
  Monotonic monotonic_at(scheduler::TimePoint time) const;
  scheduler::ClockQuality quality() const;
  /// False: no schedule sounds, and certificate dates are not checked.
  bool trusted() const { return trusted_.load(); }
  /// How far now() is off at most, by what it comes from; at least 1 ms, nothing while untrusted.
  std::optional<scheduler::Millis> bound() const;
  /// Node clock − system clock.
  scheduler::Millis offset_from_system() const;
  /// What the next run may start from; nothing while untrusted.
  std::optional<HeldOffset> held() const;

  /// Takes a verified, fresh head as proof of time; `round_trip` from our state to the head. True when the time it gives
  /// replaced one that was wrong by more than the bound.
  bool take_head(scheduler::TimePoint issued, scheduler::Millis round_trip);
  /// Raises the time before which no system clock is believed.
  void raise_floor(scheduler::TimePoint floor);
  /// What raised it, or proved the time, no longer counts: the floor is `floor`, at most what it was, and with `forget_head` no
  /// time that a head gave is believed any more.
  void forget(scheduler::TimePoint floor, bool forget_head);
  /// Looks at the system clock again (it may have become synchronised, or stepped); call at least every minute. True where now()
  /// moved by that, or became trusted or untrusted.
  bool refresh();

 private:
  enum class Basis { none, system_synced, system_rtc, head, held };
  bool plausible(scheduler::TimePoint time) const;
  void distrust();
  void look();
  void set(Basis basis, std::int64_t offset_ns, std::chrono::nanoseconds error);
  std::int64_t system_offset_ns() const;

  const TimeSource& source_;
  scheduler::TimePoint floor_;
  Basis basis_ = Basis::none;
  ErrorBound error_;
  std::optional<Monotonic> last_head_;
  bool head_overrides_ = false;
  std::atomic<std::int64_t> offset_ns_{0};
  std::atomic<bool> trusted_{false};
};

}  // namespace loa::node
