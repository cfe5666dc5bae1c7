#include "tools/bench/simulated_node.hpp"

#include <algorithm>
#include <limits>

#include "protocol/clock.hpp"
#include "protocol/codec.hpp"
#include "protocol/packet.hpp"
#include "protocol/random_id.hpp"
#include "protocol/topics.hpp"

namespace loa::bench {

using protocol::MessageType;

SimulatedNode::SimulatedNode(boost::asio::any_io_executor loop, protocol::Bundle bundle)
    : bundle_(std::move(bundle)), key_(protocol::PrivateKey::from_pem(bundle_.signing_key_pem).value()),
      ring_(bundle_.root_key), link_(std::move(loop), settings(bundle_)), log_(protocol::random_id("log")) {
  for (const auto& area : bundle_.areas) areas_.push_back({area, 0});
  if (!ring_.take(bundle_.key_set)) throw std::runtime_error("the bundle's key set does not hold");
}

protocol::LinkSettings SimulatedNode::settings(const protocol::Bundle& bundle) {
  protocol::LinkSettings settings;
  settings.addresses = bundle.brokers;
  settings.client_id = bundle.node;
  settings.ca_pem = bundle.ca_pem;
  settings.certificate_pem = bundle.tls_certificate_pem;
  settings.key_pem = bundle.tls_key_pem;
  return settings;
}

void SimulatedNode::start() {
  protocol::LinkHandlers handlers;
  handlers.prepare_connect = [this] {
    session_ = protocol::random_id("s");
    ++session_number_;
    sequence_ = 0;
    head_ = false;
    return protocol::ConnectTerms{protocol::LinkWill{protocol::state_topic(bundle_.node), state(true), true}, protocol::SystemClock().now()};
  };
  handlers.connected = [this](const auto&) {
    ++sessions_;
    head_deadline_ = Steady::now() + head_patience_;
    for (const auto& filter : protocol::node_filters(bundle_.node)) link_.subscribe(filter);
    for (const auto& area : areas_) link_.subscribe(protocol::alert_topic(area.area));
    say();
  };
  handlers.disconnected = [](const std::string&) {};
  handlers.message = [this](const protocol::LinkMessage& one) { message(one); };
  link_.start(std::move(handlers));
}

std::string SimulatedNode::state(bool gone) {
  protocol::State state;
  state.node = bundle_.node;
  state.session = session_;
  state.session_number = session_number_;
  state.sequence = gone ? std::numeric_limits<std::int64_t>::max() : ++sequence_;
  state.issued = protocol::SystemClock().now();
  if (!gone) state.nonce = nonce_ = protocol::random_nonce();
  state.lifecycle = gone ? protocol::Lifecycle::gone : protocol::Lifecycle::ready;
  state.formats = {protocol::kFormat};
  state.plan_held = state.plan_verified = plan_;
  state.plan_highest = wanted_;
  state.key_set = ring_.number();
  state.areas = areas_;
  state.log_id = log_;
  state.clock = scheduler::ClockQuality::synced;
  state.version = LOA_VERSION;
  return protocol::pack(MessageType::state, bundle_.node, protocol::encode(state), key_);
}

void SimulatedNode::look() {
  if (!connected() || head_ || Steady::now() < head_deadline_) return;
  head_patience_ = std::min<std::chrono::seconds>(head_patience_ * 2, std::chrono::minutes(5));
  head_deadline_ = Steady::now() + head_patience_;
  link_.renew();
}

void SimulatedNode::say() { static_cast<void>(link_.publish(protocol::state_topic(bundle_.node), state(false), true)); }

void SimulatedNode::message(const protocol::LinkMessage& one) {
  last_heard_ = Steady::now();
  const auto topic = protocol::parse_topic(one.topic);
  if (!topic || one.payload.empty()) return;
  if (topic->type == MessageType::keys) {
    const auto before = ring_.number();
    if (ring_.take(one.payload) && ring_.number() > before) key_set_at_ = last_heard_;
    return;
  }
  const auto verified = ring_.verify(one.payload, topic->type, bundle_.areas);
  if (!verified) return;
  if (topic->type == MessageType::head) {
    const auto head = protocol::decode_head(verified->payload, bundle_.node);
    if (!head || head->nonce != nonce_) return;
    head_ = true;
    head_patience_ = std::chrono::seconds(3);
    wanted_ = head->plan_revision;
    if (wanted_ > plan_) link_.subscribe(protocol::plan_topic(bundle_.node));
  } else if (topic->type == MessageType::plan) {
    const auto plan = protocol::decode_plan(verified->payload, bundle_.node);
    if (!plan || plan->revision <= plan_) return;
    plan_ = plan->revision;
    link_.unsubscribe(protocol::plan_topic(bundle_.node));
    say();
  }
}

}  // namespace loa::bench
