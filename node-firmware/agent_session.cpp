#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "node-firmware/agent.hpp"
#include "protocol/topics.hpp"

// The session with a broker: how it begins and ends, and what its silence means.

namespace loa::node {

using namespace std::chrono_literals;

namespace {

constexpr auto kLongestHeadPatience = 5min;
constexpr auto kLookHome = 6h;

}  // namespace

protocol::ConnectTerms Agent::prepare_connect() {
  auto marks = parts_.store.marks();
  // Marks were lost, but not what the controller has heard: our sessions must still rise. Seconds outnumber them.
  if (marks.session_number == 0 && !parts_.keys.bundled()) marks.session_number = scheduler::to_ms(parts_.clock.now()) / 1000;
  ++marks.session_number;
  parts_.store.keep(marks);
  if (!parts_.store.is_written()) {  // the same again: a restart would forget this one
    marks.session_number = std::max(marks.session_number, scheduler::to_ms(parts_.clock.now()) / 1000);
    parts_.store.keep(marks);
  }
  parts_.keys.choose(parts_.clock.monotonic());
  protocol::ConnectTerms terms;
  terms.credentials = protocol::LinkCredentials{parts_.keys.speaking().certificate_pem, parts_.keys.speaking().tls_key_pem};
  terms.will = reporter_.begin_session(marks.session_number, state());
  if (parts_.clock.trusted()) terms.tls_time = parts_.clock.now();
  terms.dates_may_mislead = true;  // only a head corrects a wrong clock, and heads come over this connection
  terms.ca_pem = authorities();
  return terms;
}

void Agent::on_connected(const std::string& address) {
  broker_ = address;
  if (is_home(address)) last_home_ = parts_.clock.monotonic();
  if (std::exchange(looking_home_, false)) set_brokers();
  head_this_session_ = false;
  awaited_.resume(parts_.clock.monotonic());
  head_deadline_ = parts_.clock.monotonic() + head_patience_;
  for (const auto& filter : protocol::node_filters(parts_.identity.bundle.node)) parts_.link.subscribe(filter);
  for (const auto& area : chain()) parts_.link.subscribe(protocol::alert_topic(area));
  introduce_keys();
  for (auto& outbox : outboxes_) outbox.log().send_again();
  report_asked_ = true;
  next_request_ = parts_.clock.monotonic();
  wishes_.wake();
}

void Agent::on_disconnected(const std::string& reason) {
  spdlog::info("no connection: {}", reason);
  tell_refused(reason);
  broker_.clear();
  head_this_session_ = false;
  awaited_.pause(parts_.clock.monotonic());
  if (looking_home_ && parts_.clock.monotonic() > last_home_) {  // not the end of the session that look_home() ended
    looking_home_ = false;
    set_brokers();
  }
  for (auto& outbox : outboxes_) outbox.log().send_again();
  wishes_.wake();
}

void Agent::look_at_silence() {
  if (parts_.clock.monotonic() - last_head_ <= 2 * settings_.state_period || !controller_heard_) return;
  spdlog::warn("controller unheard: no valid head for two state periods");
  controller_heard_ = false;
}

// A broker that did not know our rights when we connected takes subscriptions and states with a friendly answer and drops them,
// also after it has learnt them, so a session without a head is begun anew until one comes.
void Agent::ask_for_head() {
  const auto now = parts_.clock.monotonic();
  if (!parts_.link.connected() || head_this_session_ || now < head_deadline_) return;
  head_patience_ = std::min<std::chrono::nanoseconds>(head_patience_ * 2, kLongestHeadPatience);
  head_deadline_ = now + head_patience_;
  parts_.link.renew();
}

bool Agent::is_home(const std::string& address) const {
  const auto& home = parts_.identity.bundle.brokers;
  return std::find(home.begin(), home.end(), address) != home.end();
}

// A plan may name other brokers, and one by a stolen key those of a thief, where no newer key set is ever heard: so the bundle's are
// looked at again from time to time. Where they are gone, or nobody answers there, the round of all goes on.
void Agent::look_home() {
  const auto now = parts_.clock.monotonic();
  if (broker_.empty() || is_home(broker_) || now < last_home_ + kLookHome) return;
  last_home_ = now;
  looking_home_ = true;
  spdlog::info("looking at the bundle's brokers for newer keys");
  parts_.link.set_addresses(parts_.identity.bundle.brokers);
  parts_.link.renew();
}

std::optional<Monotonic> Agent::next_of_session() const {
  std::optional<Monotonic> next;
  const auto no_later = [&next](Monotonic when) { next = next ? std::min(*next, when) : when; };
  if (controller_heard_) no_later(last_head_ + 2 * settings_.state_period + 1ms);
  if (!parts_.link.connected()) return next;
  if (!head_this_session_) no_later(head_deadline_);
  if (!is_home(broker_)) no_later(last_home_ + kLookHome);
  return next;
}

}  // namespace loa::node
