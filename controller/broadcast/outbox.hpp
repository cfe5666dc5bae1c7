#pragma once
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "protocol/link.hpp"

namespace loa::broadcast {

/// What goes first when the link takes only so much: promise 7, urgent never queues behind bulk.
enum class Priority { alert, keys, order, ack, head, plan };

/// Publications that wait for the link, one a topic and priority: a newer one for the same topic replaces it, so that the number
/// of topics is the bound. What a lost session left open is sent again. On the loop.
class Outbox {
 public:
  /// Makes the payload at the last moment; nothing: there is no longer anything to say.
  using Make = std::function<std::optional<std::string>()>;

  explicit Outbox(protocol::Link& link) : x_link(link) {}

  void push(Priority priority, const std::string& topic, bool retained, Make make);
  void push(Priority priority, const std::string& topic, bool retained, std::string payload);
  /// Orders are told apart by id, not by topic.
  void push_order(const std::string& id, const std::string& topic, std::string payload);
  /// Sends what the link takes now; called again by itself when something was acknowledged.
  void pump();
  std::size_t size() const;
  /// By priority.
  std::array<std::size_t, 6> sizes() const;

 private:
  struct Waiting {
    std::string key;
    std::string topic;
    bool retained = false;
    Make make;
  };
  struct Lane {
    std::deque<Waiting> queue;
    std::set<std::string> keys;
  };
  void add(Priority priority, Waiting waiting);
  void send_waiting();
  bool send(std::size_t lane, const Waiting& waiting);
  void lost(std::size_t lane, const Waiting& waiting);

  protocol::Link& x_link;
  std::array<Lane, 6> x_lanes;
  bool x_pumping = false;
  std::shared_ptr<char> x_alive = std::make_shared<char>();  // acknowledgements may come after the outbox is gone
};

}  // namespace loa::broadcast
