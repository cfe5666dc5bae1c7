#include <fmt/format.h>

#include "node-firmware/agent.hpp"
#include "node-firmware/self_test.hpp"
#include "protocol/codec.hpp"

namespace loa::node {

using namespace std::chrono_literals;
using protocol::MessageType;
using protocol::Order;
using protocol::OrderKind;
using protocol::Refusal;
using protocol::RefusalCode;

namespace {

constexpr auto kWaitsForTime = 30s;
constexpr std::size_t kMostWaiting = 8;
constexpr auto kTestAlone = 30s;  // nothing may be due for this long

}  // namespace

void Agent::take_order(const protocol::LinkMessage& message) {
  const auto& node = parts_.identity.bundle.node;
  About about{MessageType::order, node, 0, ""};
  const auto verified = ring_.verify(message.payload, MessageType::order, chain());
  if (!verified) return refuse(message, about, verified.error());
  about.kid = verified->kid;
  const auto order = protocol::decode_order(verified->payload, node);
  if (!order) return refuse(message, about, order.error());
  about.subject = order->id;
  // The clock is never earlier than what is true, also while it is not trusted: what has ended by it has ended.
  if (order->expires <= parts_.clock.now())
    return refuse(message, about, {RefusalCode::expired, "/exp",
                                   fmt::format("the order ended at {}", scheduler::to_rfc3339(order->expires))});
  if (!parts_.clock.trusted() && order->kind != OrderKind::report) return wait_for_time(message, about);
  const auto first = parts_.records.first_time(order->id, order->expires);
  if (!first.is_new)
    return refuse(message, about, {RefusalCode::replayed, "/id", fmt::format("the order {} was done already", order->id)});
  // The others do no harm a second time; a restart that is forgotten by the restart would be obeyed until it expires.
  if (!first.kept && order->kind == OrderKind::restart)
    return refuse(message, about, {RefusalCode::unsupported, "/kind",
                                   fmt::format("the disk cannot remember that this node restarted: {}", parts_.disk.why())});
  signed_at(verified->kid, verified->issued);
  // Known from here on, also where it is refused: whoever was told so must not hear it later.
  if (const auto refusal = why_not(*order)) return refuse(message, about, *refusal);
  if (order->kind == OrderKind::report && order->from_number > 0)
    if (const auto set = parts_.log.send_from(order->from_number); !set) return refuse(message, about, set.error());
  reporter_.accepted(about);
  obey(*order);
}

// Without the time nobody can say whether an order has ended. The next head brings it, in most sessions at once.
void Agent::wait_for_time(const protocol::LinkMessage& message, const About& about) {
  if (waiting_orders_.size() >= kMostWaiting)
    return reporter_.refused(about, {RefusalCode::stale, "/exp", "the node does not know the time yet, and too many orders wait for it"});
  waiting_orders_.push_back({message, parts_.clock.monotonic() + kWaitsForTime});
}

void Agent::look_at_waiting_orders() {
  if (waiting_orders_.empty()) return;
  auto waiting = std::move(waiting_orders_);
  waiting_orders_.clear();
  for (auto& order : waiting) {
    if (parts_.clock.trusted()) {
      take_order(order.message);
    } else if (order.deadline > parts_.clock.monotonic()) {
      waiting_orders_.push_back(std::move(order));
    } else {
      refuse(order.message, {MessageType::order, parts_.identity.bundle.node, 0, ""},
             {RefusalCode::stale, "/exp", "the node did not learn the time within 30 s: it cannot tell whether the order has ended"});
    }
  }
}

std::optional<Refusal> Agent::why_not(const Order& order) const {
  if (order.kind != OrderKind::self_test) return std::nullopt;
  const auto* settings = parts_.conductor.settings();
  if (settings && settings->mute) return Refusal{RefusalCode::muted, "/kind", "the node is muted"};
  if (!chime_of(settings, parts_.shelf.shipped()))
    return Refusal{RefusalCode::unsupported, "/kind", "the node has no stock clip called chime"};
  const auto outlook = parts_.conductor.outlook();
  if (outlook.sounding) return Refusal{RefusalCode::busy, "/kind", "something sounds"};
  const auto now = parts_.clock.monotonic();
  if (outlook.next && *outlook.next <= now + kTestAlone)
    return Refusal{RefusalCode::busy, "/kind", fmt::format("something is due within {} s", kTestAlone.count())};
  return std::nullopt;
}

void Agent::obey(const Order& order) {
  switch (order.kind) {
    case OrderKind::stop: parts_.conductor.stop(order.occurrence_id); return;
    case OrderKind::report: report_asked_ = true; return;
    case OrderKind::restart: return wishes_.restart();
    case OrderKind::self_test:
      return parts_.conductor.test(self_test(order.id, *chime_of(parts_.conductor.settings(), parts_.shelf.shipped()), parts_.clock.now()));
  }
}

}  // namespace loa::node
