#pragma once
#include <memory>
#include <optional>
#include <string>

#include "node-firmware/identity.hpp"
#include "node-firmware/settings.hpp"
#include "node-firmware/start_count.hpp"

namespace loa::node {

/// The whole node: owns everything in the order in which it depends on each other, and the loop that drives it.
class Node {
 public:
  /// Throws where the environment is broken: disk, sound, a newer database.
  /// `starts` is told how this run goes. With `safe_mode`, which says why, the node plays no plan and leaves alone what may have made it
  /// die (plan, play log, clips); it connects, reports, and takes alerts, which sound from shipped clips, and orders. It ends for a trial of the normal mode
  /// after StartCount::kTryAgain.
  Node(Identity identity, Settings settings, StartCount& starts, std::optional<std::string> safe_mode);
  ~Node();
  /// Runs until SIGTERM, SIGINT or an order to restart; the answer is the exit code (command_line.hpp).
  int run();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace loa::node
