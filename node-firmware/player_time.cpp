#include "node-firmware/player.hpp"

namespace loa::node {
namespace {

using namespace std::chrono_literals;

constexpr auto kNarrow = 20us;
constexpr int kEdges = 5;

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

/// The moment at which the clock's millisecond changed: between the last look before and the first look after.
struct Edge {
  scheduler::TimePoint clock;
  SteadyTime before, after;
};

Edge next_edge(const protocol::Clock& clock) {
  const auto first = clock.now();
  const auto give_up = steady_now() + 1200us;
  Edge edge{first, steady_now(), {}};
  for (;;) {
    const auto asked = steady_now();
    edge.clock = clock.now();
    edge.after = steady_now();
    if (edge.clock != first || edge.after > give_up) return edge;  // a clock that a test ticks may stand still
    edge.before = asked;
  }
}

}  // namespace

SteadyTime steady_of(const protocol::Clock& clock, scheduler::TimePoint due) {
  Edge best = next_edge(clock);
  for (int i = 1; i < kEdges && best.after - best.before > kNarrow; ++i)
    if (const Edge edge = next_edge(clock); edge.after - edge.before < best.after - best.before) best = edge;
  return best.before + (best.after - best.before) / 2 + (due - best.clock);
}

}  // namespace loa::node
