#pragma once
#include <string>
#include <vector>

#include "protocol/ed25519.hpp"
#include "protocol/messages.hpp"

namespace loa::bench {

/// A node of the benchmark with the batches that it will send, signed beforehand.
struct LoggedNode {
  std::string id;
  protocol::PrivateKey key = protocol::PrivateKey::generate();
  std::vector<protocol::LogBatch> batches;
  std::vector<std::string> packets;  ///< `batches` as they go over the wire
};

/// `nodes` nodes whose logs hold `rows` play records together, chained as real ones are, in batches of
/// `batch` records.
std::vector<LoggedNode> make_logs(int nodes, int rows, int batch);

}  // namespace loa::bench
