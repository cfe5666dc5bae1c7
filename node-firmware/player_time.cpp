#include "node-firmware/player.hpp"

namespace loa::node {
namespace {

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

/// One reading of both clocks, taken just after the slower one's millisecond changed.
struct Reading {
  scheduler::TimePoint clock;
  SteadyTime steady;
};

Reading read_both(const protocol::Clock& clock) {
  const auto first = clock.now();
  const auto give_up = steady_now() + std::chrono::microseconds(1200);
  Reading reading{first, steady_now()};
  while (reading.clock == first && reading.steady < give_up) reading = {clock.now(), steady_now()};
  return reading;
}

}  // namespace

SteadyTime steady_of(const protocol::Clock& clock, scheduler::TimePoint due) {
  const Reading now = read_both(clock);
  return now.steady + (due - now.clock);
}

scheduler::TimePoint clock_time_of(const protocol::Clock& clock, SteadyTime moment) {
  const Reading now = read_both(clock);
  return now.clock + std::chrono::round<scheduler::Millis>(moment - now.steady);
}

}  // namespace loa::node
