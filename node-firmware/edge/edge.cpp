#include "node-firmware/edge/edge.hpp"

namespace loa::node::edge {

Edge::Edge(const Settings& settings, Monotonic now) {
  if (!settings.amplifier) return;
  lines_ = make_gpiod_lines();
  amplifier_ = std::make_unique<Amplifier>(*settings.amplifier, *lines_, now);
}

Edge::~Edge() = default;

}  // namespace loa::node::edge
