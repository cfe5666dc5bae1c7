#pragma once
#include <set>
#include <string>

#include "test_node.hpp"

namespace loa::tests {

/// A connected node with the stock clips of every node, of which the test hears what begins.
struct Listener {
  Listener() {
    for (const auto& [name, length] : std::map<std::string, Millis>{{"tone", 3000ms}, {"flood", 5000ms}, {"exercise", 4000ms}, {"test", 2000ms}}) {
      const std::string sha256(64, name == "test" ? '1' : "abcdef"[name[0] % 6]);
      node.shelf.stock.push_back({name, sha256, 10, length});
      node.shelf.held[sha256] = true;
      node.lengths[sha256] = length;
      names[sha256] = name;
    }
    node.connect();
  }
  /// An alert whose own clip of 6 s is not there yet.
  scheduler::Alert alert(const std::string& id) {
    auto alert = node.alert(id, 6s);
    names[alert.clip->sha256] = "own";
    node.shelf.held.erase(alert.clip->sha256);
    return alert;
  }
  void fetched(const scheduler::Alert& alert) { node.shelf.held[alert.clip->sha256] = true; }
  void deliver(std::vector<scheduler::Alert> alerts) {
    node.deliver(protocol::alert_topic("hue"), node.controller.alert(node.snapshot(++revision, std::move(alerts))));
  }
  void listen(node::Monotonic duration) {
    for (const auto end = node.time.now + duration; node.time.now < end;) {
      node.pass(100ms);
      for (const auto& [id, told] : node.player().tracks)
        if (told.due && told.due->time_since_epoch() <= node.time.now && known.insert({node.run.get(), id}).second)
          heard += (heard.empty() ? "" : " ") + names[told.track.file.stem().string()];
    }
  }
  /// "OUTCOME reason heard", one for each record.
  std::string records() {
    std::string text;
    for (const auto& record : node.records())
      text += (text.empty() ? "" : "; ") + record.occurrence_id + " " + scheduler::name_of(record.outcome) + " " + record.reason + " " +
              std::to_string(record.heard_ms / 1000) + "/" + std::to_string(record.planned_ms / 1000);
    return text;
  }
  TestNode node;
  std::int64_t revision = 50;
  std::map<std::string, std::string> names;
  std::set<std::pair<NodeRun*, node::TrackId>> known;
  std::string heard;
};

}  // namespace loa::tests
