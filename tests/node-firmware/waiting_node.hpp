#pragma once
#include <algorithm>
#include <string>

#include "test_node.hpp"

namespace loa::tests {

inline const auto kAlerts = protocol::alert_topic("hue");

/// A connected node that has heard no head in this session yet.
struct Waiting {
  Waiting() {
    node.connect();
    snapshot = node.snapshot(50, {node.alert("l-1", 20s)});
    payload = node.controller.alert(snapshot);
  }
  void head_naming(std::int64_t revision) {
    node.alert_revisions["hue"] = revision;
    node.send_head(0);
  }
  bool refused_as(const std::string& code) {
    const auto receipts = node.receipts();
    return std::any_of(receipts.begin(), receipts.end(), [&](const auto& one) { return one.code == code; });
  }
  bool sounds() { return !node.last_state().sounding.empty() || !node.player().tracks.empty(); }
  TestNode node;
  scheduler::AlertSnapshot snapshot;
  std::string payload;
};

}  // namespace loa::tests
