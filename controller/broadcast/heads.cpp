#include "controller/broadcast/heads.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "controller/broadcast/lacks.hpp"
#include "protocol/topics.hpp"

namespace loa::broadcast {

Heads::Heads(Roster& roster, Outbox& outbox, RetainedTopics& retained, Signer& signer, const protocol::Formats& formats)
    : x_roster(roster), x_outbox(outbox), x_retained(retained), x_signer(signer), x_formats(formats) {}

void Heads::send(const std::string& node) {
  const auto* known = x_roster.find(node);
  if (!known || !known->is_there() || known->state->nonce.empty()) return;
  x_outbox.push(Priority::head, protocol::head_topic(node), false, [this, node] { return make(node); });
}

void Heads::send_below(const std::string& area) {
  for (const auto& [id, known] : x_roster.nodes)
    if (std::find(known.areas.begin(), known.areas.end(), area) != known.areas.end()) send(id);
}

void Heads::send_all() {
  for (const auto& [id, known] : x_roster.nodes) send(id);
}

protocol::Head Heads::present(const KnownNode& known) const {
  protocol::Head head;
  head.plan_revision = known.wanted;
  head.key_set = x_roster.key_set;
  for (const auto& area : known.areas) head.areas.push_back({area, x_roster.alert_revision(area)});
  return head;
}

protocol::Head Heads::echo(const KnownNode& known) const {
  protocol::Head head;
  head.plan_revision = known.state->plan_highest;
  head.key_set = known.state->key_set;
  head.areas = known.state->areas;
  return head;
}

std::optional<std::string> Heads::make(const std::string& node) {
  auto* known = x_roster.find(node);
  if (!known || !known->state) return std::nullopt;
  const auto now = x_signer.time();
  if (!now) {
    spdlog::error("broadcast: no head for {}: {}", node, now.error().message);
    return std::nullopt;
  }
  auto head = x_echo ? echo(*known) : present(*known);
  if (head.areas.empty()) return std::nullopt;  // a node that says no chain of its own
  head.node = node;
  head.nonce = known->state->nonce;
  head.issued = std::max(*now, known->last_head + Millis{1});
  std::vector<std::string> areas;
  for (const auto& area : head.areas) areas.push_back(area.area);
  const auto& writer = x_formats.writer(x_formats.highest_for(known->state->formats));
  const auto packet = x_signer.sign(protocol::MessageType::head, areas, writer.head(head), head.issued);
  if (!packet) {
    spdlog::error("broadcast: no head for {}: {}", node, packet.error().message);
    return std::nullopt;
  }
  known->last_head = head.issued;
  known->answered_nonce = head.nonce;
  return *packet;
}

void Heads::on_state(KnownNode& known, TimePoint now) {
  const auto& state = *known.state;
  if (known.is_there() && state.nonce != known.answered_nonce) send(known.node.id);
  const bool holds_all = state.plan_held >= known.wanted && lacked_alerts(known, x_roster).empty();
  if (x_echo || !known.is_there() || holds_all) {
    known.resends = 0;
    known.resend_at.reset();
  } else if (!known.resend_at) {
    plan_resend(known, now);
  }
}

void Heads::expect_held(KnownNode& known, TimePoint now) {
  if (x_echo) return;
  known.resends = 0;
  plan_resend(known, now);
}

void Heads::plan_resend(KnownNode& known, TimePoint now) {
  const auto most = std::min(kLongestResend, kFirstResend * (1 << std::min(known.resends, 10)));
  // Half of it is jitter: nodes that fell behind together do not come back together.
  std::uniform_int_distribution<Millis::rep> half(most.count() / 2, most.count());
  known.resend_at = now + Millis{half(x_random)};
}

void Heads::publish_lacked(const KnownNode& known) {
  if (!known.state || known.state->plan_held < known.wanted) x_retained.again(protocol::plan_topic(known.node.id));
  for (const auto& area : lacked_alerts(known, x_roster))
    for (const int format : x_formats.numbers()) x_retained.again(protocol::alert_topic(area, format));
}

void Heads::tick(TimePoint now) {
  for (auto& [id, known] : x_roster.nodes) {
    if (!known.resend_at || now < *known.resend_at) continue;
    ++known.resends;
    // A head that was heard and what it names did not come: the broker may have lost it, whatever its PUBACK said.
    if (known.resends > 1) publish_lacked(known);
    send(id);
    plan_resend(known, now);
  }
}

}  // namespace loa::broadcast
