#pragma once
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "protocol/clock.hpp"

namespace loa::controller {

/// The exceptions that escaped events of the loop: each is a bug that may have left something half done, so it is shown until the
/// program starts anew, and where it repeats a new start is better than going on. On the loop.
class EventFailures {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  /// As many within kWithin end the program. One event that always fails is met four times a second by the broadcaster's tick and so
  /// ends it within two seconds; single ones, at the hands of single requests or messages, do not.
  static constexpr std::size_t kMost = 5;
  static constexpr std::chrono::seconds kWithin{60};

  /// Notes one at `at`, `now` by the clock; whether they have become too many.
  bool note(Steady at, scheduler::TimePoint now);
  /// One sentence with their count and the last one's time, never what they said; empty where there were none.
  std::string trouble() const;

 private:
  std::uint64_t count_ = 0;
  std::optional<scheduler::TimePoint> last_;
  std::deque<Steady> recent_;  // the newest kMost
};

/// Runs `loop` until it has stopped. An exception that escapes an event is logged and noted, and the other events go on; `too_many` is
/// called once where EventFailures says so, and is expected to stop the loop soon. Whether it was called.
bool run_events(boost::asio::io_context& loop, EventFailures& failures, const protocol::Clock& clock,
                const std::function<void()>& too_many);

}  // namespace loa::controller
