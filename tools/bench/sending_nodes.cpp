#include "tools/bench/sending_nodes.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>

#include "protocol/clock.hpp"
#include "protocol/topics.hpp"
#include "tests/support/loop.hpp"

namespace loa::bench {

using namespace std::chrono_literals;

struct SendingNodes::Node {
  Node(boost::asio::io_context& loop, tests::Broker& broker, const LoggedNode& what)
      : log(what),
        link(std::make_unique<protocol::MosquittoLink>(loop.get_executor(), broker.link_settings(what.id))) {
    protocol::LinkHandlers handlers;
    handlers.prepare_connect = [] { return protocol::ConnectTerms{{}, protocol::SystemClock().now()}; };
    handlers.connected = [this](const auto&) {
      link->subscribe(protocol::log_ack_topic(log.id));
      connected = true;
    };
    handlers.disconnected = [](const auto&) {};
    handlers.message = [this](const auto&) { send(); };
    link->start(std::move(handlers));
  }
  void send() {
    if (next == log.packets.size()) return;
    // Not taken where the connection was lost: then the rows never come, and the measurement ends at its
    // limit.
    if (link->publish(protocol::log_topic(log.id), log.packets[next], false)) ++next;
  }

  const LoggedNode& log;
  std::unique_ptr<protocol::MosquittoLink> link;
  std::size_t next = 0;
  bool connected = false;
};

SendingNodes::SendingNodes(tests::Broker& broker, const std::vector<LoggedNode>& logs) {
  for (const auto& log : logs) nodes_.push_back(std::make_unique<Node>(loop_, broker, log));
  const auto all = [this] {
    return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->connected; });
  };
  if (!tests::run_until(loop_, all, 30s)) throw std::runtime_error("the nodes cannot connect to the broker");
  loop_.restart();
  thread_ = std::thread([this] {
    const auto work = boost::asio::make_work_guard(loop_);
    loop_.run();
  });
}

SendingNodes::~SendingNodes() {
  loop_.stop();
  thread_.join();
}

void SendingNodes::begin() {
  boost::asio::post(loop_, [this] {
    for (const auto& node : nodes_) node->send();
  });
}

}  // namespace loa::bench
