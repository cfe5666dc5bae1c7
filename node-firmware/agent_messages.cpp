#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "node-firmware/agent.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/revision.hpp"
#include "protocol/topics.hpp"

namespace loa::node {

using namespace std::chrono_literals;
using protocol::MessageType;
using protocol::Refusal;
using protocol::RefusalCode;

namespace {

constexpr auto kHoldUnknownKey = 30s;
constexpr std::size_t kMaxHeld = 16;

std::vector<std::string> names_of(const std::vector<protocol::AreaHead>& areas) {
  std::vector<std::string> names;
  for (const auto& area : areas) names.push_back(area.area);
  return names;
}

// Who claims to have signed it; for a receipt, not to be believed.
std::string kid_in(const std::string& jws, MessageType type) {
  const auto envelope = protocol::open(jws, type);
  return envelope ? envelope->kid : std::string();
}

}  // namespace

void Agent::on_message(const protocol::LinkMessage& message) {
  if (stopping_ || message.payload.empty()) return;  // an empty retained message only clears a topic
  dispatch(message);
  wishes_.wake();
}

void Agent::dispatch(const protocol::LinkMessage& message) {
  const auto topic = protocol::parse_topic(message.topic);
  if (!topic) return refuse(message, {}, topic.error());
  switch (topic->type) {
    case MessageType::keys: return take_keys(message);
    case MessageType::head: return take_head(message);
    case MessageType::plan: return take_plan(message);
    case MessageType::alert: return take_alert(message);
    case MessageType::order: return take_order(message);
    case MessageType::log_ack: return take_ack(message);
    case MessageType::certificate: return take_certificate(message);
    case MessageType::controller_state: return take_controller_state(message);
    default: spdlog::debug("nothing for a node on {}", message.topic);
  }
}

void Agent::refuse(const protocol::LinkMessage& message, About about, const Refusal& refusal) {
  if (refusal.code == RefusalCode::unknown_key && hold(message)) return;
  if (about.kid.empty()) about.kid = kid_in(message.payload, about.type);
  reporter_.refused(about, refusal);
}

bool Agent::hold(const protocol::LinkMessage& message) {
  const bool held = std::any_of(held_.begin(), held_.end(),
                                [&](const HeldMessage& one) { return one.message.payload == message.payload; });
  if (held) return true;
  if (held_.size() >= kMaxHeld) return false;
  held_.push_back({message, hold_until_.value_or(parts_.clock.monotonic() + kHoldUnknownKey)});
  return true;
}

void Agent::retry_held() {
  auto held = std::move(held_);
  held_.clear();
  for (const auto& one : held) {
    hold_until_ = one.deadline;  // a second new key set does not lengthen the wait
    dispatch(one.message);
  }
  hold_until_.reset();
}

void Agent::take_keys(const protocol::LinkMessage& message) {
  const auto before = ring_.number();
  const auto taken = ring_.take(message.payload);
  if (!taken) return refuse(message, {MessageType::keys, parts_.identity.bundle.node, 0, ""}, taken.error());
  if (taken->number == before) return;
  parts_.store.keep_keys(message.payload);  // ordered by its number: the clock of the machine with the root key proves nothing
  spdlog::info("key set {} with {} keys", taken->number, taken->keys.size());
  drop_revoked();
  forget_marks();
  next_request_ = parts_.clock.monotonic();  // another authority may make certificates now
  retry_held();
}

void Agent::take_head(const protocol::LinkMessage& message) {
  const About about{MessageType::head, parts_.identity.bundle.node, 0, ""};
  const auto verified = ring_.verify(message.payload, MessageType::head, chain());
  if (!verified) return refuse(message, about, verified.error());
  const auto head = protocol::decode_head(verified->payload, parts_.identity.bundle.node);
  if (!head) return refuse(message, about, head.error());
  const auto echo = reporter_.echo_of(head->nonce);
  const auto& marks = parts_.store.marks();
  std::optional<scheduler::TimePoint> last;
  if (scheduler::to_ms(marks.last_head_issued()) > 0) last = marks.last_head_issued();
  // Any of our last nonces will do: a state may cross its predecessor's head on the way.
  const auto checked = protocol::check_head(*head, last, echo ? head->nonce : std::string(), marks.plan_highest());
  if (!checked) return refuse(message, about, checked.error());
  if (echo->first) {
    const auto round_trip = std::chrono::ceil<scheduler::Millis>(parts_.clock.monotonic() - echo->sent);
    if (parts_.clock.take_head(head->issued, round_trip))
      spdlog::warn("a head corrected the clock: {} ms from the system's", parts_.clock.offset_from_system().count());
  }
  reporter_.heard(head->nonce);
  follow_head(*head, verified->kid);
}

void Agent::follow_head(const protocol::Head& head, const std::string& kid) {
  auto marks = parts_.store.marks();
  auto& of_key = marks.by_key[kid];
  of_key.last_head_issued = head.issued;
  of_key.plan_highest = std::max(of_key.plan_highest, head.plan_revision);
  of_key.newest_signed = std::max(of_key.newest_signed, head.issued);
  for (const auto& area : head.areas)
    of_key.alert_highest[area.area] = std::max(of_key.alert_highest[area.area], area.alert_revision);
  marks.head_kid = kid;
  // Persist first, then act: a crash between the two repeats the act, never forgets the number.
  parts_.store.keep(marks);
  parts_.clock.raise_floor(head.issued);
  keep_clock();
  head_this_session_ = true;
  parts_.disk.attempt("own-keys.json", [this] { parts_.keys.proved(); });
  head_patience_ = kHeadPatience;
  controller_heard_ = true;
  last_head_ = parts_.clock.monotonic();
  move_to(names_of(head.areas));
  expire_waiting();
  for (const auto& area : head.areas)
    awaited_.named(area.area, area.alert_revision, board_.revision(area.area), last_head_);
  if (head.key_set > ring_.number()) parts_.link.subscribe(protocol::keys_topic());
  if (head.plan_revision > plan_held_) parts_.link.subscribe(protocol::plan_topic(parts_.identity.bundle.node));
}

void Agent::move_to(const std::vector<std::string>& areas) {
  if (areas == chain()) return;
  const auto before = chain();
  auto marks = parts_.store.marks();
  marks.areas = areas;
  marks.keep_areas();
  parts_.store.keep(marks);
  spdlog::info("this node is now under {}", areas.back());
  for (const auto& area : before) {
    if (std::find(areas.begin(), areas.end(), area) != areas.end()) continue;
    parts_.link.unsubscribe(protocol::alert_topic(area));
    awaited_.forget(area);
    parts_.conductor.cancel_alerts(board_.remove(area), "moved");
    parts_.store.drop_alert(area);
  }
  for (const auto& area : areas)
    if (std::find(before.begin(), before.end(), area) == before.end()) parts_.link.subscribe(protocol::alert_topic(area));
  wants_changed_ = true;
}

void Agent::take_plan(const protocol::LinkMessage& message) {
  const auto& node = parts_.identity.bundle.node;
  About about{MessageType::plan, node, 0, ""};
  const auto verified = ring_.verify(message.payload, MessageType::plan, chain());
  if (!verified) return refuse(message, about, verified.error());
  about.kid = verified->kid;
  auto plan = protocol::decode_plan(verified->payload, node);
  if (!plan) return refuse(message, about, plan.error());
  about.revision = plan->revision;
  if (plan->revision == plan_held_) return;
  const auto highest = std::max(parts_.store.marks().plan_highest(), plan_held_);
  if (plan->revision < highest)
    return refuse(message, about, {RefusalCode::old_revision, "/rev",
                                   fmt::format("plan {} is below {}, the highest named", plan->revision, highest)});
  if (parts_.clock.trusted() && plan->until <= parts_.clock.now())
    return refuse(message, about, {RefusalCode::expired, "/exp",
                                   fmt::format("the plan ended at {}", scheduler::to_rfc3339(plan->until))});
  auto marks = parts_.store.marks();
  marks.by_key[verified->kid].plan_highest = plan->revision;
  marks.wishes = AlertWishes{plan->settings.mute, plan->settings.alert_volume, verified->kid};
  parts_.store.keep(marks);
  parts_.store.keep_plan(message.payload);
  signed_at(verified->kid, verified->issued);
  spdlog::info("plan {} with {} occurrences, until {}", plan->revision, plan->occurrences.size(),
               scheduler::to_rfc3339(plan->until));
  plan_kid_ = verified->kid;
  plan_held_ = plan->revision;
  // In safe mode it is kept for the normal one, whose death it may have been.
  if (settings_.safe_mode.empty()) parts_.conductor.take_plan(std::move(*plan));
  heed_wishes();
  set_brokers();
  wants_changed_ = true;
  parts_.link.unsubscribe(protocol::plan_topic(node));
  reporter_.accepted(about);
}

void Agent::take_ack(const protocol::LinkMessage& message) {
  About about{MessageType::log_ack, parts_.identity.bundle.node, 0, ""};
  const auto verified = ring_.verify(message.payload, MessageType::log_ack, chain());
  if (!verified) return refuse(message, about, verified.error());
  about.kid = verified->kid;
  const auto ack = protocol::decode_log_ack(verified->payload, parts_.identity.bundle.node);
  if (!ack) return refuse(message, about, ack.error());
  about.revision = ack->number;
  auto of_log = std::find_if(outboxes_.begin(), outboxes_.end(), [&](const auto& outbox) { return outbox.log().id() == ack->log_id; });
  if (of_log == outboxes_.end()) of_log = outboxes_.begin();  // which says that it is not its log
  const auto taken = of_log->take_ack(*ack);
  if (!taken) return refuse(message, about, taken.error());
  if (of_log != outboxes_.begin()) return signed_at(verified->kid, verified->issued);  // the marks count the other log's numbers
  auto marks = parts_.store.marks();
  auto& of_key = marks.by_key[verified->kid];
  of_key.acked = ack->number;
  of_key.last_ack_issued = ack->issued;
  parts_.store.keep(marks);
  signed_at(verified->kid, verified->issued);
}

void Agent::take_controller_state(const protocol::LinkMessage& message) {
  const auto verified = ring_.verify(message.payload, MessageType::controller_state, chain());
  if (!verified) return refuse(message, {MessageType::controller_state, "", 0, ""}, verified.error());
  const auto state = protocol::decode_controller_state(verified->payload);
  if (!state) return refuse(message, {MessageType::controller_state, "", 0, ""}, state.error());
  // Only heads prove the controller; its own word is for the log.
  spdlog::info("the controller says that it is {}", state->online ? "there" : "gone");
}

}  // namespace loa::node
