#pragma once
#include <boost/asio/io_context.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/broker.hpp"
#include "tools/bench/play_logs.hpp"

namespace loa::bench {

/// The nodes' side, on a thread of its own: each node has its own connection and, like a real one, sends its
/// next batch when the one before was acknowledged.
class SendingNodes {
 public:
  /// Connects every node; throws std::runtime_error where that takes longer than 30 s. `logs` outlive this.
  SendingNodes(tests::Broker& broker, const std::vector<LoggedNode>& logs);
  ~SendingNodes();

  /// Every node sends its first batch.
  void begin();

 private:
  struct Node;

  boost::asio::io_context loop_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::thread thread_;
};

}  // namespace loa::bench
