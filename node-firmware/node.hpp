#pragma once
#include <memory>

#include "node-firmware/identity.hpp"
#include "node-firmware/settings.hpp"

namespace loa::node {

/// The whole node: owns everything in the order in which it depends on each other, and the loop that drives it.
class Node {
 public:
  /// Throws where the environment is broken: disk, sound, a newer database.
  Node(Identity identity, Settings settings);
  ~Node();
  /// Runs until SIGTERM, SIGINT or an order to restart; the answer is the exit code (command_line.hpp).
  int run();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace loa::node
