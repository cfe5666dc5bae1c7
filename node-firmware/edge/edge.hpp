#pragma once
#include <memory>

#include "node-firmware/edge/settings.hpp"

namespace loa::node::edge {

/// All of the board's hardware that the settings name; without any it costs nothing. Loop thread.
class Edge {
 public:
  Edge(const Settings& settings, Monotonic now);
  ~Edge();

  /// Who is told of sound beforehand; null where nobody needs to know.
  SoundGate* gate() { return amplifier_.get(); }

 private:
  std::unique_ptr<Lines> lines_;
  std::unique_ptr<Amplifier> amplifier_;
};

}  // namespace loa::node::edge
