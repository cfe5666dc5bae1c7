#include "node-firmware/clock_bound.hpp"

#include <algorithm>

namespace loa::node {
namespace {

std::chrono::nanoseconds drift(std::chrono::nanoseconds time) {
  return std::max(time, std::chrono::nanoseconds(0)) / (1'000'000 / kDriftPpm);
}

}  // namespace

std::chrono::nanoseconds grown(const ErrorBound& bound, Monotonic now) { return bound.error + drift(now - bound.at); }

std::chrono::nanoseconds synced_error(const KernelClock& kernel) {
  constexpr auto kUnreckoned = 100ms;
  return kernel.max_error + (kernel.est_error == 0us ? std::chrono::nanoseconds(kUnreckoned) : 0ns);
}

std::chrono::nanoseconds head_error(scheduler::Millis round_trip) { return std::chrono::nanoseconds(round_trip) / 2 + 1ms; }

std::chrono::nanoseconds rtc_error(scheduler::TimePoint signed_at, scheduler::TimePoint now) { return kRtcError + drift(now - signed_at); }

}  // namespace loa::node
