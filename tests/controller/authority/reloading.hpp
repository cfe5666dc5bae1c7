#pragma once
#include <catch2/catch.hpp>

#include "controller/authority/broker_reload.hpp"
#include "controller/authority/files.hpp"
#include "controller/authority/live_broker_files.hpp"
#include "protocol/hash.hpp"
#include "protocol/topics.hpp"
#include "tests/link/link_owner.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/places.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::authority {

using namespace std::chrono_literals;
using tests::LinkOwner;

inline TimePoint now() { return protocol::SystemClock().now(); }

/// A broker that runs with the set that stands in its source folder.
struct Reloading {
  tests::TempFolder folder;
  boost::asio::io_context loop;
  tests::Broker broker{folder.path(), {"n-1", "n-2"}};
  Reloading() { broker.start(); }

  ReloadSettings settings() {
    ReloadSettings reload;
    reload.source = broker.source();
    reload.live = broker.live();
    reload.pid_file = broker.pid_file();
    return reload;
  }
  void list_again() {
    std::string ready;
    for (const char* name : kBrokerFiles)
      ready += protocol::sha256_hex_of_file(broker.source() / name) + "  " + name + "\n";
    write_file(broker.source() / kReadyFile, ready, 0644);
  }
  /// Whether a message that n-1 publishes to a topic of n-2 arrives: with a broken ACL it would.
  bool may_overstep() {
    LinkOwner node(loop, broker.link_settings("n-1"));
    LinkOwner controller(loop, broker.link_settings("controller"));
    REQUIRE((node.connect() && controller.connect()));
    controller.link->subscribe(protocol::state_topic("+"));
    REQUIRE(controller.settle());
    REQUIRE(node.publish(protocol::state_topic("n-2"), "overstepped"));
    REQUIRE(node.publish(protocol::state_topic("n-1"), "last"));
    REQUIRE(controller.receives("last"));
    return controller.find("overstepped") != nullptr;
  }
  bool can_connect(const protocol::LinkSettings& link) {
    LinkOwner node(loop, link);
    node.start();
    node.until([&] { return !node.sessions.empty() || node.reasons.size() >= 2; });
    return !node.sessions.empty();
  }
  std::string live(const char* name) { return read_file(broker.live() / name); }
  tests::Process helper(std::vector<std::string> more = {}) {
    std::vector<std::string> argv{(tests::program_folder() / "loa-broker-reload").string(), broker.source().string(), broker.live().string(),
                                  "--pid-file", broker.pid_file().string()};
    argv.insert(argv.end(), more.begin(), more.end());
    return tests::Process(argv, {folder.path(), "helper", {}, {}});
  }
};

/// Whether the broker learns within a few sessions what `node` may write. The signal is read between two rounds of the broker, and
/// rights that come later do not reach a session that is there already.
inline bool gets_its_rights(LinkOwner& node, const std::string& id, LinkOwner& controller) {
  for (int session = 0; session < 5; ++session) {
    if (node.publish(protocol::state_topic(id), "joined") && controller.receives("joined", 500ms)) return true;
    const auto sessions = node.sessions.size();
    node.link->renew();
    if (!node.until([&] { return node.sessions.size() > sessions; })) return false;
  }
  return false;
}

}  // namespace loa::authority
