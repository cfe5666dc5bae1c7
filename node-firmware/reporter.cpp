#include "node-firmware/reporter.hpp"

#include <spdlog/spdlog.h>

#include <limits>

#include "protocol/codec.hpp"
#include "protocol/packet.hpp"
#include "protocol/random_id.hpp"
#include "protocol/topics.hpp"

namespace loa::node {

using protocol::MessageType;

namespace {

constexpr std::size_t kNonces = 4;
constexpr std::size_t kReceiptsAMinute = 20;

}  // namespace

Reporter::Reporter(const Identity& identity, const OwnKeys& keys, protocol::Link& link, const NodeClock& clock)
    : identity_(identity), keys_(keys), link_(link), clock_(clock) {}

std::string Reporter::signed_by_us(MessageType type, const std::string& json) const {
  return protocol::pack(type, identity_.bundle.node, json, keys_.signing_key());
}

void Reporter::refused(const About& about, const protocol::Refusal& refusal) {
  const std::string code = protocol::name_of(refusal.code);
  spdlog::warn("refused {} {}: {}: {}: {}", protocol::name_of(about.type), about.subject, code, refusal.where,
               refusal.message);
  ++refusals_[code];
  last_refusal_ = protocol::RefusalReport{code, refusal.where, refusal.message, clock_.now()};
  protocol::Receipt receipt;
  receipt.about = about.type;
  receipt.subject = about.subject;
  receipt.revision = about.revision;
  receipt.code = code;
  receipt.where = refusal.where;
  receipt.message = refusal.message;
  receipt.key_id = about.kid;
  send_receipt(std::move(receipt));
}

void Reporter::lost(const Loss& loss) {
  const std::string code = protocol::name_of(protocol::RefusalCode::malformed);
  ++refusals_[code];
  last_refusal_ = protocol::RefusalReport{code, loss.file, "damaged on the board: " + loss.why, clock_.now()};
}

void Reporter::accepted(const About& about) {
  protocol::Receipt receipt;
  receipt.about = about.type;
  receipt.subject = about.subject;
  receipt.revision = about.revision;
  receipt.accepted = true;
  receipt.key_id = about.kid;
  send_receipt(std::move(receipt));
}

void Reporter::send_receipt(protocol::Receipt receipt) {
  const auto now = clock_.monotonic();
  while (!receipts_sent_.empty() && now - receipts_sent_.front() > std::chrono::minutes(1)) receipts_sent_.pop_front();
  // A flood of bad messages must not become a flood of ours; what is accepted is rare and always said.
  if (!receipt.accepted && receipts_sent_.size() >= kReceiptsAMinute) return;
  receipts_sent_.push_back(now);
  receipt.node = identity_.bundle.node;
  receipt.id = protocol::random_id("r");
  receipt.issued = clock_.now();
  const auto sent = link_.publish(protocol::receipt_topic(receipt.node),
                                  signed_by_us(MessageType::receipt, protocol::encode(receipt)), false);
  if (!sent) spdlog::debug("receipt not sent: {}", protocol::name_of(sent.error()));
}

protocol::State Reporter::stamped(protocol::State state) const {
  state.node = identity_.bundle.node;
  state.session = session_;
  state.session_number = session_number_;
  state.issued = clock_.now();
  return state;
}

protocol::LinkWill Reporter::begin_session(std::int64_t session_number, protocol::State now) {
  session_ = protocol::random_id("s");
  session_number_ = session_number;
  sequence_ = 0;
  nonces_.clear();
  auto gone = stamped(std::move(now));
  gone.lifecycle = protocol::Lifecycle::gone;
  gone.sequence = std::numeric_limits<std::int64_t>::max();
  gone.sounding.clear();
  return {protocol::state_topic(gone.node), signed_by_us(MessageType::state, protocol::encode(gone)), true};
}

bool Reporter::send(protocol::State state) {
  auto full = stamped(std::move(state));
  full.sequence = ++sequence_;
  full.nonce = protocol::random_nonce();
  const auto sent = link_.publish(protocol::state_topic(full.node), signed_by_us(MessageType::state, protocol::encode(full)),
                                  true);
  if (!sent) return false;
  nonces_.push_back({full.nonce, clock_.monotonic(), false});
  if (nonces_.size() > kNonces) nonces_.pop_front();
  return true;
}

void Reporter::send_gone(protocol::State state) {
  auto gone = stamped(std::move(state));
  gone.lifecycle = protocol::Lifecycle::gone;
  gone.sequence = std::numeric_limits<std::int64_t>::max();
  gone.sounding.clear();
  const auto sent = link_.publish(protocol::state_topic(gone.node), signed_by_us(MessageType::state, protocol::encode(gone)),
                                  true);
  if (!sent) spdlog::debug("farewell not sent: {}", protocol::name_of(sent.error()));
}

bool Reporter::send(const protocol::LogBatch& batch) {
  const auto sent = link_.publish(protocol::log_topic(batch.node), signed_by_us(MessageType::log, protocol::encode(batch)),
                                  false);
  if (!sent) spdlog::warn("log batch not sent: {}", protocol::name_of(sent.error()));
  return sent.has_value();
}

bool Reporter::send(const protocol::CertificateRequest& request) {
  const auto sent = link_.publish(protocol::certificate_request_topic(request.node), signed_request(request), false);
  if (!sent) spdlog::warn("request for a certificate not sent: {}", protocol::name_of(sent.error()));
  return sent.has_value();
}

std::string Reporter::signed_request(const protocol::CertificateRequest& request) const {
  return signed_by_us(MessageType::certificate_request, protocol::encode(request));
}

bool Reporter::introduce(const std::string& answer) {
  return link_.publish(protocol::certificate_request_topic(identity_.bundle.node), answer, false).has_value();
}

std::optional<Reporter::Echo> Reporter::echo_of(const std::string& nonce) const {
  for (const auto& sent : nonces_)
    if (sent.text == nonce) return Echo{sent.sent, !sent.heard};
  return std::nullopt;
}

void Reporter::heard(const std::string& nonce) {
  for (auto& sent : nonces_)
    if (sent.text == nonce) sent.heard = true;
}

}  // namespace loa::node
