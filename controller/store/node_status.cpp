#include "controller/store/nodes.hpp"

namespace loa::store {

const char* name_of(NodeStatus status) {
  switch (status) {
    case NodeStatus::ready: return "ready";
    case NodeStatus::playing: return "playing";
    case NodeStatus::fetching: return "fetching";
    case NodeStatus::offline: return "offline";
    case NodeStatus::muted: return "muted";
    case NodeStatus::error: return "error";
    case NodeStatus::unknown: return "unknown";
  }
  return "";
}

namespace {

bool is_old(const NodeRow& row, TimePoint now, Millis state_period) {
  return now - row.state->received > 2 * state_period;
}

bool has_wanted_plan(const NodeRow& row) {
  return row.wanted_revision > 0 && row.state->state.plan_verified >= row.wanted_revision;
}

}  // namespace

NodeStatus status_of(const NodeRow& row, TimePoint now, Millis state_period) {
  using protocol::Lifecycle;
  if (!row.state || is_old(row, now, state_period)) return NodeStatus::unknown;
  const auto& state = row.state->state;
  if (state.lifecycle == Lifecycle::gone || state.lifecycle == Lifecycle::stopping) return NodeStatus::offline;
  if (state.lifecycle == Lifecycle::expired || state.clock == scheduler::ClockQuality::untrusted) return NodeStatus::error;
  if (state.muted) return NodeStatus::muted;
  if (state.lifecycle == Lifecycle::playing || state.lifecycle == Lifecycle::alerting) return NodeStatus::playing;
  if (state.lifecycle == Lifecycle::ready && has_wanted_plan(row)) return NodeStatus::ready;
  return NodeStatus::fetching;
}

std::vector<std::string> reasons_of(const NodeRow& row, TimePoint now, Millis state_period) {
  using protocol::Lifecycle;
  if (!row.state) return {"never_reported"};
  std::vector<std::string> reasons;
  const auto& state = row.state->state;
  if (is_old(row, now, state_period)) reasons.emplace_back("state_old");
  if (state.lifecycle == Lifecycle::gone || state.lifecycle == Lifecycle::stopping) reasons.emplace_back("gone");
  if (state.lifecycle == Lifecycle::starting || state.lifecycle == Lifecycle::connecting) reasons.emplace_back("starting");
  if (state.lifecycle == Lifecycle::expired) reasons.emplace_back("plan_expired");
  if (state.clock == scheduler::ClockQuality::untrusted) reasons.emplace_back("clock_untrusted");
  if (state.muted) reasons.emplace_back("muted");
  if (state.plan_held < row.wanted_revision) reasons.emplace_back("plan_not_held");
  if (state.clips_held < state.clips_wanted) reasons.emplace_back("clips_missing");
  if (state.last_refusal) reasons.emplace_back("refused");
  if (!state.controller_heard) reasons.emplace_back("controller_unheard");
  return reasons;
}

}  // namespace loa::store
