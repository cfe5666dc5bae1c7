#include <algorithm>

#include "node-firmware/agent.hpp"
#include "node-firmware/told_readings.hpp"

// The node's state: what it says of itself, and when it says it again.

namespace loa::node {

using namespace std::chrono_literals;
using protocol::State;

namespace {

constexpr auto kChangeGap = 1s;   // between two states because something changed
constexpr auto kCountGap = 15s;   // where only counts did

// What a person is waiting to see; the rest may come a little later.
bool same_for_people(const State& a, const State& b) {
  return a.lifecycle == b.lifecycle && a.plan_held == b.plan_held && a.plan_verified == b.plan_verified &&
         a.plan_highest == b.plan_highest && a.key_set == b.key_set && a.areas == b.areas && a.muted == b.muted &&
         a.volume == b.volume && a.sounding == b.sounding && a.controller_heard == b.controller_heard && a.clock == b.clock && a.disk == b.disk &&
         same_hardware(a, b);
}

protocol::DiskHealth said_of(DiskState disk) {
  switch (disk) {
    case DiskState::ok: return protocol::DiskHealth::ok;
    case DiskState::full: return protocol::DiskHealth::full;
    case DiskState::read_only: return protocol::DiskHealth::read_only;
    case DiskState::failing: break;
  }
  return protocol::DiskHealth::failing;
}

bool same_counts(const State& a, const State& b) {
  return a.clips_wanted == b.clips_wanted && a.clips_held == b.clips_held && a.refusals == b.refusals &&
         a.log_id == b.log_id && a.disk_budget == b.disk_budget;
}

}  // namespace

State Agent::state() const {
  State state;
  const auto& marks = parts_.store.marks();
  state.lifecycle = lifecycle_.now();
  state.formats = {protocol::kFormat};
  state.plan_held = plan_held_;
  state.plan_verified = plan_held_ > 0 && verified_ && settings_.safe_mode.empty() ? plan_held_ : 0;
  state.plan_highest = marks.plan_highest();
  state.key_set = ring_.number();
  for (const auto& area : chain()) state.areas.push_back({area, board_.revision(area)});
  state.log_id = parts_.log.id();
  state.log_number = parts_.log.last_number();
  state.log_acked = parts_.log.acked();
  state.clock = parts_.clock.quality();
  state.clock_offset_ms = parts_.clock.offset_from_system().count();
  if (const auto bound = parts_.clock.bound()) state.clock_bound_ms = bound->count();
  if (const auto* wanted = parts_.conductor.settings()) {
    state.muted = wanted->mute;
    state.volume = wanted->volume;
  }
  if (const auto sounding = parts_.conductor.sounding()) {
    state.sounding = sounding->occurrence_id;
    state.volume = sounding->volume;
  }
  state.level_dbfs = parts_.conductor.last_level();
  if (parts_.edge) put_readings(state, parts_.edge->readings());
  state.controller_heard = controller_heard_;
  state.clips_wanted = shelf_.wanted;
  state.clips_held = shelf_.held;
  state.disk_free = shelf_.disk_free;
  state.disk_budget = shelf_.budget_bytes;
  state.disk = said_of(parts_.disk.state());
  state.last_refusal = reporter_.last_refusal();
  state.refusals = reporter_.refusals();
  if (!settings_.safe_mode.empty()) state.safe_mode = settings_.safe_mode;
  state.version = LOA_VERSION;
  state.os = settings_.os;
  return state;
}

void Agent::report() {
  if (!parts_.link.connected()) return;
  const auto now = parts_.clock.monotonic();
  const auto since = now - last_report_;
  auto current = state();
  bool due = report_asked_ || !reported_ || since >= settings_.state_period;
  if (!due && !same_for_people(*reported_, current)) due = since >= kChangeGap;
  if (!due && !same_counts(*reported_, current)) due = since >= kCountGap;
  if (!due) return;
  last_report_ = now;
  if (!reporter_.send(current)) return;  // the link is full: once more after the gap
  reported_ = std::move(current);
  report_asked_ = false;
}

Monotonic Agent::next_report() const {
  auto next = last_report_ + (report_asked_ ? Monotonic(kChangeGap) : Monotonic(settings_.state_period));
  if (!reported_) return next;
  const auto current = state();
  if (!same_for_people(*reported_, current)) next = std::min<Monotonic>(next, last_report_ + kChangeGap);
  if (!same_counts(*reported_, current)) next = std::min<Monotonic>(next, last_report_ + kCountGap);
  return next;
}

}  // namespace loa::node
