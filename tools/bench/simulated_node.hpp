#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "protocol/bundle.hpp"
#include "protocol/ed25519.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/link_mosquitto.hpp"

namespace loa::bench {

using Steady = std::chrono::steady_clock;

/// A node as broker and controller see it: it connects with its bundle's certificate, says signed states, verifies key sets, heads and plans,
/// and says what it holds. It keeps nothing on a disk and plays nothing. On the loop.
class SimulatedNode {
 public:
  SimulatedNode(boost::asio::any_io_executor loop, protocol::Bundle bundle);

  void start();
  bool connected() const { return link_.connected(); }
  /// A valid head came in this session, and the plan that it names is held.
  bool ready() const { return connected() && head_ && plan_ >= wanted_; }
  std::int64_t key_set() const { return ring_.number(); }
  /// When the key set held came.
  Steady::time_point key_set_at() const { return key_set_at_; }
  /// Asks the broker for the retained key set once more; it is answered as long as the node may read.
  void ask() { link_.subscribe("loa/1/keys"); }
  /// When anything last came.
  Steady::time_point last_heard() const { return last_heard_; }
  /// Begins a session anew that brings no head, as a real node does (docs/architecture.md); call often.
  void look();
  int sessions() const { return sessions_; }
  const std::string& id() const { return bundle_.node; }
  const std::string& code() const { return bundle_.code; }

 private:
  static protocol::LinkSettings settings(const protocol::Bundle& bundle);
  void message(const protocol::LinkMessage& message);
  std::string state(bool gone);
  void say();

  protocol::Bundle bundle_;
  protocol::PrivateKey key_;
  protocol::KeyRing ring_;
  protocol::MosquittoLink link_;
  std::string session_, nonce_, log_;
  std::int64_t session_number_ = 0, sequence_ = 0, plan_ = 0, wanted_ = 0;
  std::vector<protocol::AreaHead> areas_;
  bool head_ = false;
  Steady::time_point head_deadline_{};
  std::chrono::seconds head_patience_{3};
  int sessions_ = 0;
  Steady::time_point key_set_at_{}, last_heard_{};
};

}  // namespace loa::bench
