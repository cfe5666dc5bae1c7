#pragma once
#include <chrono>

#include "node-firmware/time_source.hpp"

// How far a node's time may be off, by what it comes from: plain functions of times, nanoseconds throughout.
namespace loa::node {

using namespace std::chrono_literals;

/// How fast a board's free-running clock may leave the true time: crystals of such boards are held to 20 to 50 ppm, and heat and age add to it.
inline constexpr std::int64_t kDriftPpm = 100;

/// With a bound above this no schedule sounds: the time is a guess. Reached by a clock that was right and runs free after 34 days,
/// which no plan lasts (16 days make 138 s).
inline constexpr std::chrono::nanoseconds kTrustedBound = 5min;

/// How far an RTC that is right may be off when it sets the system clock: it has whole seconds, and is read while it changes.
inline constexpr std::chrono::nanoseconds kRtcError = 2s;

/// An error that was bounded at one moment, and grows from then on with a free-running clock.
struct ErrorBound {
  std::chrono::nanoseconds error{};
  Monotonic at{};
  bool operator==(const ErrorBound&) const = default;
};

/// The bound at `now`.
std::chrono::nanoseconds grown(const ErrorBound& bound, Monotonic now);

/// Of a system clock that is kept synchronised. chrony tells the kernel its root distance; timesyncd sets both numbers to 0 at each answer of its
/// server, so that what an answer over a mobile network may be off by is added.
std::chrono::nanoseconds synced_error(const KernelClock& kernel);

/// Of the time that a head gives: it was signed at some moment of the round trip, and has whole milliseconds.
std::chrono::nanoseconds head_error(scheduler::Millis round_trip);

/// Of a battery-backed clock that was right at `signed_at`, the newest signed time that the node has seen: a head would have overruled it
/// then. `now` is what it says.
std::chrono::nanoseconds rtc_error(scheduler::TimePoint signed_at, scheduler::TimePoint now);

/// Whether a schedule may sound by a time with this bound.
inline bool good_enough(std::chrono::nanoseconds bound) { return bound <= kTrustedBound; }

}  // namespace loa::node
