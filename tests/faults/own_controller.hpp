#pragma once
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "controller/authority/key_files.hpp"
#include "protocol/link_mosquitto.hpp"
#include "protocol/messages.hpp"
#include "scheduler/plan.hpp"
#include "tests/faults/world.hpp"

namespace loa::tests {

/// Stands in for the village's controller, which it ends, with its keys and at its place on the broker, toward one board: so a board can be given
/// any plan that a controller may sign. Ends its session when it is destroyed; the village's controller stays away until somebody starts it.
class OwnController {
 public:
  OwnController(World& world, const std::string& code);
  ~OwnController();
  OwnController(const OwnController&) = delete;
  OwnController& operator=(const OwnController&) = delete;

  /// Gives the board a plan of this one occurrence, whose ids and due time are set here, and waits until the board holds it with every file; throws
  /// std::runtime_error where it does not within 15 s. What was given.
  Play give(scheduler::Occurrence occurrence, double due);

 private:
  void answer(const protocol::LinkMessage& message);
  std::string head(const protocol::State& state) const;

  World& world_;
  std::string node_;
  std::vector<std::string> areas_;
  authority::ControllerKeys keys_;
  std::int64_t revision_ = 0;
  protocol::State last_;      ///< what the board said last
  std::string packet_;        ///< the plan, once there is one
  mutable std::mutex mutex_;  ///< for those three
  std::atomic<bool> held_{false};
  boost::asio::io_context loop_;
  protocol::MosquittoLink link_;
  std::thread thread_;
};

}  // namespace loa::tests
