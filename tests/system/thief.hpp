#pragma once
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "controller/authority/key_files.hpp"
#include "protocol/link_mosquitto.hpp"
#include "protocol/messages.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/system/village.hpp"

namespace loa::tests {

/// Somebody who copied the controller's disk: its working keys and certificates, to a folder of his own. He knows the protocol, signs
/// what he likes with times and revisions that the true ones do not reach, and speaks to the village's broker as the controller.
class Thief {
 public:
  explicit Thief(Village& village);

  /// What of the node he is after.
  struct Aim {
    std::string node;
    std::vector<std::string> areas;  ///< its chain
    scheduler::Item clip;            ///< that it has
  };
  /// Comes in as the controller and goes on giving the node heads and a plan that sounds at once, until it holds the plan; the id
  /// of the occurrence. Empty where the node does not take it within `limit`.
  std::string capture(const Aim& aim, std::chrono::milliseconds limit);
  /// Comes in and leaves a false alert on the area's topic, live and retained; the id of its first sounding.
  std::string alarm(const Aim& aim);
  /// Comes in and says this, retained; whether the broker took it.
  bool leave(const std::string& topic, const std::string& payload);

  const authority::ControllerKeys& keys() const { return keys_; }
  const std::filesystem::path& folder() const { return folder_.path(); }

  /// As high as a number goes.
  static constexpr std::int64_t kSky = (std::int64_t{1} << 53) - 1;
  /// So late that no true head counts for the rest of what the test does to him; much later, and a board whose clock is synchronised would
  /// take no time for sure any more (tests/node-firmware/agent_keys_test.cpp has a year).
  static constexpr std::chrono::seconds kAhead{50};

 private:
  struct Visit;
  scheduler::TimePoint now() const;
  std::string sign(protocol::MessageType type, const std::string& json) const;
  std::string head(const Aim& aim, const std::string& nonce) const;
  std::string plan(const Aim& aim) const;

  Village& village_;
  TempFolder folder_;
  authority::ControllerKeys keys_;
  protocol::LinkSettings settings_;
  int calls_ = 0;
};

}  // namespace loa::tests
