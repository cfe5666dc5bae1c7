#include "node-firmware/outbox.hpp"

#include <algorithm>

namespace loa::node {

using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 30s;  // for an acknowledgement; doubles up to:
constexpr auto kLongestPatience = 10min;
constexpr auto kLinkFull = 1s;

}  // namespace

void Outbox::send() {
  const auto now = parts_.clock.monotonic();
  if (parts_.log.waits_for_ack()) {
    if (now < deadline_) return;
    parts_.log.send_again();
    patience_ = std::min<std::chrono::nanoseconds>(patience_ * 2, kLongestPatience);
  }
  protocol::LogBatch batch;
  parts_.records.attempt([&] { batch.records = parts_.log.next_batch(); });
  if (batch.records.empty()) return;
  batch.node = parts_.node;
  batch.issued = parts_.clock.now();
  batch.log_id = parts_.log.id();
  parts_.records.attempt([&] { parts_.log.sent(batch.records.back().number); });
  patience_ = std::max<std::chrono::nanoseconds>(patience_, kPatience);
  deadline_ = now + patience_;
  if (!parts_.reporter.send(batch)) deadline_ = now + kLinkFull;
}

protocol::Result<void> Outbox::take_ack(const protocol::LogAck& ack) {
  protocol::Result<void> taken;
  parts_.records.attempt([&] { taken = parts_.log.take_ack(ack); });
  if (taken) patience_ = {};
  return taken;
}

std::optional<Monotonic> Outbox::deadline() const {
  return parts_.log.waits_for_ack() ? std::optional(deadline_) : std::nullopt;
}

}  // namespace loa::node
