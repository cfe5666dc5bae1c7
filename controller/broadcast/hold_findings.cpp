#include "controller/broadcast/hold_findings.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "protocol/codec.hpp"

namespace loa::broadcast {

using protocol::MessageType;
using protocol::RefusalCode;

HoldFindings::HoldFindings(const Roster& roster, const protocol::PublicKey& root) : x_roster(roster), x_ring(root) {}

void HoldFindings::use_keys(const std::string& key_set_jws) {
  if (const auto set = x_ring.take(key_set_jws)) x_own = set->number;
  if (x_own >= x_ring.number()) x_higher.reset();
}

std::optional<TimePoint> HoldFindings::take(const protocol::Topic& topic, const std::string& packet) {
  if (topic.type == MessageType::keys) return take_keys(packet);
  return believe(topic, packet);
}

std::optional<TimePoint> HoldFindings::take_keys(const std::string& packet) {
  const auto before = x_ring.number();
  const auto set = x_ring.take(packet);
  if (!set || set->number <= before) return std::nullopt;
  x_higher = packet;
  auto newest = set->issued;
  for (const auto& [topic, waited] : std::exchange(x_waiting, {}))
    if (const auto issued = believe(topic, waited)) newest = std::max(newest, *issued);
  return newest;
}

std::vector<std::string> HoldFindings::chain_of(const protocol::Topic& topic) const {
  for (const auto& [id, known] : x_roster.nodes) {
    if (topic.type == MessageType::plan && id == topic.id) return known.areas;
    if (topic.type != MessageType::alert) continue;
    const auto found = std::find(known.areas.begin(), known.areas.end(), topic.id);
    if (found != known.areas.end()) return {known.areas.begin(), found + 1};
  }
  return {};
}

std::optional<TimePoint> HoldFindings::believe(const protocol::Topic& topic, const std::string& packet) {
  const auto chain = chain_of(topic);
  if (chain.empty()) return std::nullopt;  // of a node or area that is not known here
  const auto verified = x_ring.verify(packet, topic.type, chain);
  if (!verified) {
    if (verified.error().code == RefusalCode::unknown_key && x_waiting.size() < kMostWaiting)
      x_waiting.emplace_back(topic, packet);
    else
      spdlog::warn("hold: what the broker retains of {} does not count: {}", topic.id, verified.error().message);
    return std::nullopt;
  }
  topic.type == MessageType::plan ? take_plan(topic.id, verified->payload) : take_alert(topic.id, verified->payload);
  return verified->issued;
}

void HoldFindings::take_plan(const std::string& node, const std::string& json) {
  const auto plan = protocol::decode_plan(json, node);
  if (!plan) return;
  for (const auto& o : plan->occurrences) {
    if (x_occurrences.size() >= kMostOccurrences && !x_occurrences.contains(o.id)) {
      x_whole = false;
      continue;
    }
    auto& found = x_occurrences[o.id];
    if (found.nodes.empty()) found = {o.id, o.broadcast_id, o.programme_id, o.title, o.cls, o.due, plan->areas.empty() ? "" : plan->areas.back(), {}};
    found.nodes.insert(node);
  }
}

void HoldFindings::take_alert(const std::string& area, const std::string& json) {
  auto snapshot = protocol::decode_alert(json, area);
  if (!snapshot) return;
  auto& held = x_alerts[area];
  if (snapshot->revision >= held.revision) held = std::move(*snapshot);
}

}  // namespace loa::broadcast
