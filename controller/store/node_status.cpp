#include "controller/store/nodes.hpp"
#include "scheduler/data_share.hpp"
#include "scheduler/plan.hpp"

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

// A restart of a board that cannot write forgets what it took since; one in safe mode plays no schedule.
bool needs_a_person(const protocol::State& state) {
  return state.lifecycle == protocol::Lifecycle::expired || state.clock == scheduler::ClockQuality::untrusted || state.safe_mode ||
         state.disk.value_or(protocol::DiskHealth::ok) != protocol::DiskHealth::ok;
}

bool is_old(const NodeRow& row, TimePoint now, Millis state_period) {
  return now - row.state->received > 2 * state_period;
}

bool has_wanted_plan(const NodeRow& row) {
  return row.wanted_revision > 0 && row.state->state.plan_verified >= row.wanted_revision;
}

/// How far ahead it fetches by its budget of data, as it said itself; nothing: it holds nothing back. The month is that of an area in the usual zone.
std::optional<std::chrono::hours> fetches_ahead(const protocol::State& state) {
  if (!state.data_used || !state.data_budget) return std::nullopt;
  const auto local = state.issued + std::chrono::minutes(scheduler::Plan{}.utc_offset_minutes);
  return scheduler::fetch_ahead(*state.data_used, *state.data_budget, std::chrono::floor<std::chrono::days>(local));
}

}  // namespace

NodeStatus status_of(const NodeRow& row, TimePoint now, Millis state_period) {
  using protocol::Lifecycle;
  if (!row.state || is_old(row, now, state_period)) return NodeStatus::unknown;
  const auto& state = row.state->state;
  if (state.lifecycle == Lifecycle::gone || state.lifecycle == Lifecycle::stopping) return NodeStatus::offline;
  if (needs_a_person(state)) return NodeStatus::error;
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
  if (state.safe_mode) reasons.emplace_back("safe_mode");
  if (state.disk == protocol::DiskHealth::full) reasons.emplace_back("disk_full");
  if (state.disk == protocol::DiskHealth::read_only) reasons.emplace_back("disk_read_only");
  if (state.disk == protocol::DiskHealth::failing) reasons.emplace_back("disk_failing");
  if (state.muted) reasons.emplace_back("muted");
  if (state.plan_held < row.wanted_revision) reasons.emplace_back("plan_not_held");
  if (state.clips_held < state.clips_wanted) {
    reasons.emplace_back("clips_missing");
    if (const auto ahead = fetches_ahead(state); ahead && *ahead < std::chrono::hours(24)) reasons.emplace_back("data_used_up");
    else if (ahead) reasons.emplace_back("data_short");
  }
  if (state.last_refusal) reasons.emplace_back("refused");
  if (!state.controller_heard) reasons.emplace_back("controller_unheard");
  return reasons;
}

}  // namespace loa::store
