#include <spdlog/spdlog.h>

#include <stdexcept>

#include "node-firmware/agent.hpp"
#include "node-firmware/heard_alerts.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"

namespace loa::node {

using protocol::MessageType;

const std::vector<std::string>& Agent::chain() const {
  const auto& kept = parts_.store.marks().areas;
  return kept.empty() ? parts_.identity.bundle.areas : kept;
}

void Agent::load_keys() {
  if (const auto taken = ring_.take(parts_.identity.bundle.key_set); !taken)
    spdlog::error("the bundle's key set is refused: {}", taken.error().message);
  const auto kept = parts_.store.keys([this](const std::string& jws) -> std::string {
    const auto alone = protocol::KeyRing(parts_.identity.bundle.root_key).take(jws);
    return alone ? "" : alone.error().message;
  });
  if (!kept) return;
  const auto taken = ring_.take(*kept);
  if (!taken && taken.error().code != protocol::RefusalCode::old_revision)
    spdlog::error("the kept key set is refused: {}", taken.error().message);
}

void Agent::tell_losses() {
  for (const auto& loss : settings_.losses) reporter_.lost(loss);
  for (const auto& loss : parts_.store.losses()) reporter_.lost(loss);
  for (const auto& loss : parts_.keys.losses()) reporter_.lost(loss);
}

void Agent::load_plan() {
  const auto kept = parts_.store.plan();
  if (!kept) return;
  const auto refuse_kept = [this](const protocol::Refusal& refusal) {
    // Disk bytes earn no more trust than wire bytes.
    spdlog::error("the kept plan is refused: {}: {}", protocol::name_of(refusal.code), refusal.message);
    reporter_.refused({MessageType::plan, parts_.identity.bundle.node, 0, ""}, refusal);
    parts_.store.drop_plan();
  };
  const auto verified = ring_.verify(*kept, MessageType::plan, chain());
  if (!verified) return refuse_kept(verified.error());
  auto plan = protocol::decode_plan(verified->payload, parts_.identity.bundle.node);
  if (!plan) return refuse_kept(plan.error());
  plan_kid_ = verified->kid;
  plan_held_ = plan->revision;
  signed_at(verified->kid, verified->issued);
  parts_.conductor.set_plan(std::move(*plan));
}

// In safe mode the plan is left unread; but whoever muted a pole means its alerts too.
void Agent::heed_wishes() {
  if (settings_.safe_mode.empty()) return;
  const auto& wishes = parts_.store.marks().wishes;
  const bool counts = wishes && ring_.counts(wishes->kid);
  parts_.conductor.set_wishes(counts ? scheduler::WantedSettings{wishes->mute, 100, wishes->alert_volume, {}, {}} : scheduler::WantedSettings{});
}

// The plan's brokers first; those of the bundle stay behind them, so that a plan with wrong ones does not cut the node off.
void Agent::set_brokers() {
  std::vector<std::string> brokers;
  if (const auto* plan = parts_.conductor.plan()) brokers = plan->brokers;
  const auto& bundled = parts_.identity.bundle.brokers;
  brokers.insert(brokers.end(), bundled.begin(), bundled.end());
  parts_.link.set_addresses(std::move(brokers));
}

void Agent::load_alerts() {
  for (const auto& [area, jws] : parts_.store.alerts()) {
    const auto verified = ring_.verify(jws, MessageType::alert, chain());
    auto snapshot = verified ? protocol::decode_alert(verified->payload, area)
                             : protocol::Result<scheduler::AlertSnapshot>(verified.error());
    if (!snapshot) {
      reporter_.refused({MessageType::alert, area, 0, ""}, snapshot.error());
      parts_.store.drop_alert(area);
      continue;
    }
    const bool newest = snapshot->issued >= parts_.store.marks().newest_signed();
    board_.post({std::move(*snapshot), jws, verified->kid, newest});
  }
}

// What the program's other mode let be heard, whose history this one does not have.
void Agent::load_heard() {
  heard_ = parts_.store.heard_alerts();
  const bool lost = parts_.history.is_new() && settings_.safe_mode.empty();  // and the records with it: they are told of as lost
  if (heard_.empty() || lost) return;
  try {
    read_heard(heard_, parts_.history.history());
  } catch (const std::invalid_argument& error) {
    spdlog::warn("heard-alerts.json: {}; an alert may be heard once more", error.what());
  }
}

// Not before the records are on disk: after a crash there are both or neither.
void Agent::keep_heard() {
  if (parts_.conductor.hurries() || parts_.records.waiting() > 0) return;
  auto heard = write_heard(parts_.history.history(), board_.alerts(true));
  if (heard == heard_ || (heard_.empty() && heard == "{}")) return;
  heard_ = std::move(heard);
  parts_.store.keep_heard_alerts(heard_);
}

const std::string& Agent::authorities() const {
  return ring_.authorities().empty() ? parts_.identity.bundle.ca_pem : ring_.authorities();
}

// What a key that no longer counts made us believe: numbers, times, and that records are stored.
void Agent::forget_marks() {
  if (ring_.number() == 0) return;
  const auto counts = [this](const std::string& kid) { return kid.empty() || ring_.counts(kid); };
  const auto before = parts_.store.marks();
  auto marks = before;
  std::erase_if(marks.by_key, [&](const auto& entry) { return !counts(entry.first); });
  const bool head = !marks.head_kid.empty() && !counts(marks.head_kid);
  if (head) {
    marks.head_kid.clear();
    marks.clock.reset();
  }
  if (marks == before) return;
  // The log first: after a crash between the two it is asked to forget once more.
  if (marks.last_ack_issued() != before.last_ack_issued()) parts_.records.attempt([&] { parts_.log.forget_acks(marks.acked(), marks.last_ack_issued()); });
  if (parts_.safe_log && marks.by_key != before.by_key) parts_.records.attempt([&] { parts_.safe_log->forget_acks(0, {}); });
  parts_.store.keep(marks);
  parts_.clock.forget(std::max(settings_.least_time, marks.newest_signed()), head);
  if (!head) return;
  // Freshness was proved by the wrong one: the next head must come as at the start of a session.
  head_this_session_ = false;
  awaited_.forget_all();
  head_patience_ = kHeadPatience;
  head_deadline_ = parts_.clock.monotonic() + head_patience_;
}

void Agent::drop_revoked() {
  heed_wishes();
  if (!plan_kid_.empty() && !ring_.counts(plan_kid_)) {
    spdlog::warn("the plan's key {} was revoked: the plan is dropped", plan_kid_);
    parts_.store.drop_plan();
    parts_.conductor.drop_plan("revoked");
    plan_kid_.clear();
    plan_held_ = 0;
    set_brokers();
    wants_changed_ = true;
  }
  std::vector<std::string> areas;
  for (const auto& [area, posted] : board_.posted())
    if (!ring_.counts(posted.kid)) areas.push_back(area);
  for (const auto& area : areas) {
    spdlog::warn("the alerts of {} are dropped: their key was revoked", area);
    parts_.conductor.cancel_alerts(board_.remove(area), "revoked");
    parts_.store.drop_alert(area);
    wants_changed_ = true;
  }
}

void Agent::signed_at(const std::string& kid, scheduler::TimePoint issued) {
  parts_.clock.raise_floor(issued);
  auto marks = parts_.store.marks();
  auto& newest = marks.by_key[kid].newest_signed;
  if (issued <= newest) return;
  newest = issued;
  parts_.store.keep(marks);
}

void Agent::keep_clock() {
  auto marks = parts_.store.marks();
  const auto held = parts_.clock.held();
  if (!held || !worth_keeping(*held, marks.clock)) return;
  marks.clock = held;
  parts_.store.keep(marks);
}

}  // namespace loa::node
