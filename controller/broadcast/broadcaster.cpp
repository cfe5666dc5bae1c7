#include "controller/broadcast/broadcaster.hpp"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "protocol/random_id.hpp"
#include "protocol/revision.hpp"
#include "protocol/topics.hpp"

namespace loa::broadcast {

using protocol::MessageType;

namespace {

constexpr Millis kRenewalEvery{60 * 1000};
constexpr Millis kKeysAgainEvery{10 * 1000};
constexpr Millis kLookEvery{1000};  // at all nodes
constexpr Millis kExpectAlertsEvery = std::chrono::minutes(1);
constexpr Millis kLookAtStoreEvery{10 * 1000};

// Whether `at` has come, and then sets it on; a clock that was set back does not make it wait longer than `every`.
bool is_due(TimePoint& at, Millis every, TimePoint now) {
  if (now < at && at - now <= every) return false;
  at = now + every;
  return true;
}

}  // namespace

Broadcaster::Broadcaster(store::Store& store, protocol::Link& link, std::shared_ptr<const ControllerKeys> keys,
                         PlanSettings settings, OnChange change, protocol::Formats formats)
    : x_store(store), x_link(link), x_clock(store.clock()), x_keys(keys), x_settings(std::move(settings)),
      x_change(std::move(change)), x_formats(std::move(formats)), x_signer(std::move(keys), store.clock()),
      x_outbox(link), x_retained(link, x_outbox), x_heads(x_roster, x_outbox, x_retained, x_signer, x_formats),
      x_ingest(store, x_roster,
               {[this](KnownNode& known, const std::optional<protocol::State>& before) { node_state(known, before); },
                [this](KnownNode& known) {
                  if (known.state->nonce != known.answered_nonce) x_heads.send(known.node.id);
                  if (known.is_there()) resend_orders(known, false);
                },
                [this](const protocol::Receipt& one) { receipt(one); },
                [this](const KnownNode& known, const protocol::CertificateRequest& request) {
                  // Not on hold: the board may have got its keys after the backup, and a copy of its bundle must not come before it.
                  if (x_issue && !x_on_hold) x_certifier.take(known, request);
                },
                [this](const KnownNode& known, const std::string& answer) {
                  if (x_check) x_certifier.introduce(known, answer);
                },
                [this](const std::string&) {
                  if (x_keys_ended) x_keys_ended();
                },
                [this](const AckDue& ack) { acknowledge(ack); },
                [this](const Change& one) { x_change(one); }}),
      x_certifier(store, x_roster, x_signer, x_outbox,
                  {[this](const std::string& csr, const std::string& node) { return x_issue(csr, node); },
                   [this](const std::string& pem, const std::string& node) { return x_check(pem, node); },
                   [this](const std::string& node, const std::string& code, const std::string& message) {
                     x_ingest.refuse(node, "certificate-request", code, "/", message);
                     x_ingest.flush();
                   },
                   [this](const protocol::Refusal& why) { put_off(why); }}),
      x_connection_since(store.clock().now()), x_findings(x_roster, x_keys->root), x_timer(store.loop()) {}

void Broadcaster::certify_with(Certify issue, Certify check, std::function<void()> keys_ended) {
  x_issue = std::move(issue);
  x_check = std::move(check);
  x_keys_ended = std::move(keys_ended);
}

void Broadcaster::start(Millis period) {
  protocol::LinkHandlers handlers;
  handlers.prepare_connect = [this] { return prepare_connect(); };
  handlers.connected = [this](const protocol::LinkSession& session) {
    spdlog::info("broadcast: connected to {}", session.address);
    note_connection(true);
    connected();
  };
  handlers.disconnected = [this](const std::string& reason) {
    spdlog::warn("broadcast: not connected: {}", reason);
    note_connection(false);
    x_retained.disconnected();
  };
  handlers.message = [this](const protocol::LinkMessage& one) { message(one); };
  x_link.start(std::move(handlers));
  if (period > Millis{0}) wait_for_tick(period);
  work();
}

void Broadcaster::wait_for_tick(Millis period) {
  x_timer.expires_after(period);
  x_timer.async_wait([this, period](boost::system::error_code stopped) {
    if (stopped) return;
    wait_for_tick(period);  // first: a tick that throws must not be the last
    tick();
  });
}

void Broadcaster::tick() {
  const auto now = x_clock.now();
  x_retained.tick(now);
  if (x_resumes && x_was_connected && !x_retained.checking()) resume();
  x_heads.tick(now);
  if (is_due(x_look_at, kLookEvery, now)) look_at_nodes(now);
  if (is_due(x_look_at_store_at, kLookAtStoreEvery, now)) x_look_at_store = true;
  if (is_due(x_expect_alerts_at, kExpectAlertsEvery, now)) x_expect_alerts = true;
  if (is_due(x_renewal_at, kRenewalEvery, now)) renew_due(now);
  std::erase_if(x_orders, [now](const auto& open) { return open.second.order.expires <= now; });
  x_outbox.pump();
  x_ingest.flush();
  work();
}

void Broadcaster::close(Millis limit, std::function<void()> closed) {
  x_timer.cancel();
  publish_state(false);
  x_link.close(limit, std::move(closed));
}

protocol::ConnectTerms Broadcaster::prepare_connect() {
  x_session = protocol::random_id("s");
  protocol::ConnectTerms terms;
  terms.tls_time = x_clock.now();
  terms.credentials = x_credentials;
  terms.ca_pem = x_ca_pem;
  if (auto gone = controller_state(false, protocol::kFormat))
    terms.will = protocol::LinkWill{protocol::controller_state_topic(), std::move(*gone), true};
  return terms;
}

void Broadcaster::connect_as(protocol::LinkCredentials credentials, std::string ca_pem) {
  x_credentials = std::move(credentials);
  x_ca_pem = std::move(ca_pem);
}

std::optional<std::string> Broadcaster::controller_state(bool online, int format) {
  const auto now = x_signer.time();
  if (!now) {
    put_off(now.error());
    return std::nullopt;
  }
  const protocol::ControllerState state{online, *now, x_session};
  const auto packet = x_signer.sign(MessageType::controller_state, x_roots,
                                    x_formats.writer(format).controller_state(state), *now);
  if (packet) return *packet;
  put_off(packet.error());
  return std::nullopt;
}

void Broadcaster::publish_state(bool online) {
  for (const int format : x_formats.numbers())
    if (auto packet = controller_state(online, format))
      x_outbox.push(Priority::keys, protocol::controller_state_topic(format), true, std::move(*packet));
}

void Broadcaster::publish_keys() {
  x_roster.key_set = x_keys->key_set.number;
  if (x_findings.higher_key_set()) return;  // a lower one never takes its place
  for (const int format : x_formats.numbers())
    x_retained.set(Priority::keys, protocol::keys_topic(format), x_keys->key_set_jws);
}

// What the broker retains on the topic may be another's by now: published live it reaches the node that lacks it.
void Broadcaster::publish_keys_again(std::int64_t held) {
  const auto now = x_clock.now();
  if (held >= x_roster.key_set || now < x_keys_again_at) return;
  x_keys_again_at = now + kKeysAgainEvery;
  for (const int format : x_formats.numbers()) x_retained.again(protocol::keys_topic(format));
}

void Broadcaster::note_connection(bool there) {
  if (there == x_was_connected) return;
  x_was_connected = there;
  x_connection_since = x_clock.now();
}

void Broadcaster::connected() {
  for (const auto& filter : protocol::controller_filters()) x_link.subscribe(filter);
  publish_state(true);
  x_retained.begin_check(x_formats.numbers(), x_clock.now());
  x_outbox.pump();
  work();
}

void Broadcaster::message(const protocol::LinkMessage& one) {
  const auto topic = protocol::parse_topic(one.topic);
  if (!topic) return spdlog::warn("broadcast: a message on {}: {}", one.topic, topic.error().message);
  if (keys_are_higher(one, *topic)) return;
  if (x_retained.take(one, *topic, x_clock.now())) return;
  if (topic->type == MessageType::state && one.retained && !x_roster.find(topic->id)) {
    if (!x_on_hold && !one.payload.empty()) x_outbox.push(Priority::plan, one.topic, true, std::string());  // of a board that is gone
    return;
  }
  x_ingest.take(one, *topic);
}

void Broadcaster::node_state(KnownNode& known, const std::optional<protocol::State>& before) {
  const auto& state = *known.state;
  check_revision(known);
  if (format_of(known) != (before ? x_formats.highest_for(before->formats) : protocol::kFormat)) x_nodes_to_plan.insert(known.node.id);
  x_heads.on_state(known, x_clock.now());
  if (known.is_there()) {
    resend_orders(known, !before || before->session != state.session);
    publish_keys_again(state.key_set);
  }
  work();
}

// A node that was told of a higher revision by a controller that is gone takes nothing below it.
void Broadcaster::check_revision(KnownNode& known) {
  const auto& id = known.node.id;
  const auto last = std::max(known.wanted, x_raised.contains(id) ? x_raised.at(id) : 0);
  const auto reported = protocol::take_reported(last, known.state->plan_highest, x_clock.now());
  if (reported.alarm)
    x_ingest.refuse(id, "revision", "revision_ahead", "/plan_highest",
                    "the node reports plan revision " + std::to_string(known.state->plan_highest) +
                        ", more than a day above everything signed here: not believed");
  if (reported.last <= last) return;
  x_raised[id] = reported.last;
  x_nodes_to_plan.insert(id);  // on hold both wait for its end
}

void Broadcaster::receipt(const protocol::Receipt& one) {
  count_refusing(one);
  if (const auto open = x_orders.find(one.subject);
      one.about == MessageType::order && open != x_orders.end() && open->second.order.node == one.node)
    x_orders.erase(open);
  if (!one.accepted)
    spdlog::warn("broadcast: {} refused {} {}: {} {}: {}", one.node, protocol::name_of(one.about), one.subject, one.code,
                 one.where, one.message);
}

void Broadcaster::acknowledge(const AckDue& due) {
  auto* known = x_roster.find(due.node);
  if (!known) return;
  const auto now = x_signer.time();
  if (!now) return put_off(now.error());
  known->last_ack = std::max(*now, known->last_ack + Millis{1});
  const protocol::LogAck ack{due.node, known->last_ack, due.log_id, due.number, known->areas};
  const int format = format_of(*known);
  const auto packet =
      x_signer.sign(MessageType::log_ack, known->areas, x_formats.writer(format).log_ack(ack), known->last_ack);
  if (!packet) return put_off(packet.error());
  x_outbox.push(Priority::ack, protocol::log_ack_topic(due.node), false, *packet);
}

void Broadcaster::send_order(const protocol::Order& order) {
  const auto* known = x_roster.find(order.node);
  if (!known || (x_on_hold && !x_resumes) || order.expires <= x_clock.now()) return;
  auto& open = x_orders.insert_or_assign(order.id, OpenOrder{order, false}).first->second;
  if (x_on_hold) return;  // it goes out with the end of the look
  const auto now = x_signer.time();
  if (!now) return put_off(now.error());
  auto packet = x_signer.sign(MessageType::order, known->areas, x_formats.writer(format_of(*known)).order(order), *now);
  if (!packet) return put_off(packet.error());
  open.sent = true;
  x_outbox.push_order(order.id, protocol::order_topic(order.node), std::move(*packet));
}

void Broadcaster::resend_orders(const KnownNode& known, bool new_session) {
  std::vector<protocol::Order> due;
  for (const auto& [id, open] : x_orders)
    if (open.order.node == known.node.id && (new_session || !open.sent)) due.push_back(open.order);
  for (const auto& order : due) send_order(order);
}

void Broadcaster::put_off(const protocol::Refusal& why) {
  if (x_trouble != why.message) spdlog::error("broadcast: {}", why.message);
  x_trouble = why.message;
}

void Broadcaster::renew_due(TimePoint now) {
  for (const auto& [id, known] : x_roster.nodes)
    if (known.wanted == 0 || wants_renewal(known.plan_made, now, known.time_zone)) x_nodes_to_plan.insert(id);
}

void Broadcaster::look_at_nodes(TimePoint now) {
  tell_silent(now);
  note_lacks(now);
}

void Broadcaster::tell_silent(TimePoint now) {
  for (auto& [id, known] : x_roster.nodes) {
    if (!known.state || known.silence_told || now - known.heard <= 2 * store::kStatePeriod) continue;
    known.silence_told = true;
    x_change({"node", id, id, known.node.area, "unknown"});
  }
}

void Broadcaster::note_lacks(TimePoint now) {
  for (auto& [id, known] : x_roster.nodes) {
    const bool speaks = x_was_connected && known.is_there() && now - known.heard <= 2 * store::kStatePeriod;
    if (!speaks || !lacks_anything(known, x_roster))
      known.lacks_since.reset();
    else if (!known.lacks_since)
      known.lacks_since = now;
  }
}

BroadcastHealth Broadcaster::health() const {
  BroadcastHealth health;
  health.connected = x_link.connected();
  health.clock_behind = x_signer.time().has_error();
  std::vector<std::string> troubles{x_sign_trouble};
  for (const auto& task : x_tasks) troubles.push_back(task.trouble);
  troubles.insert(troubles.end(), {x_trouble, x_areas_to_sign.trouble()});
  for (auto& one : left_out()) troubles.push_back(std::move(one));
  const auto first = std::find_if(troubles.begin(), troubles.end(), [](const auto& one) { return !one.empty(); });
  if (first != troubles.end()) health.trouble = *first;
  health.nodes = x_roster.nodes.size();
  for (const auto& [id, known] : x_roster.nodes)
    if (known.is_there() && known.state->plan_held < known.wanted) ++health.nodes_without_plan;
  health.waiting = x_outbox.size() + x_ingest.waiting();
  health.since = x_connection_since;
  health.on_hold = x_on_hold && !x_resumes;
  health.key_set_seen = x_findings.key_set();
  for (const auto& [id, known] : x_roster.nodes)
    if (known.state) health.key_set_seen = std::max(health.key_set_seen, known.state->key_set);
  return health;
}

std::vector<UnheardNode> Broadcaster::unheard(Millis limit) const {
  std::vector<UnheardNode> nodes;
  for (const auto& [id, known] : x_roster.nodes)
    if (known.state && x_clock.now() - known.heard > limit) nodes.push_back({id, known.node.area, known.heard});
  return nodes;
}

std::vector<WithheldNode> Broadcaster::withheld(Millis limit) const {
  std::vector<WithheldNode> nodes;
  for (const auto& [id, known] : x_roster.nodes)
    if (known.lacks_since && x_clock.now() - *known.lacks_since > limit)
      nodes.push_back({id, known.node.area, fmt::format("{}", fmt::join(lacks_of(known, x_roster), ", ")), *known.lacks_since});
  return nodes;
}

std::vector<LapsingNode> Broadcaster::lapsing(Millis notice) const {
  std::vector<LapsingNode> nodes;
  for (const auto& [id, known] : x_roster.nodes)
    if (const auto* keys = known.speaks_with(); keys && keys->not_after < x_clock.now() + notice)
      nodes.push_back({id, known.node.area, keys->not_after, keys->bundled});
  return nodes;
}

}  // namespace loa::broadcast
