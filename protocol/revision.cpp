#include "protocol/revision.hpp"

#include <algorithm>

namespace loa::protocol {
namespace {

constexpr std::int64_t kDayMs = std::int64_t{24} * 60 * 60 * 1000;

Refusal refusal(RefusalCode code, const char* where, const char* message) { return {code, where, message}; }

}  // namespace

std::int64_t next_revision(std::int64_t last, TimePoint now) {
  return std::max(last + 1, scheduler::to_ms(now));
}

ReportedRevision take_reported(std::int64_t last, std::int64_t reported, TimePoint now) {
  const std::int64_t most = std::max(last, scheduler::to_ms(now)) + kDayMs;
  if (reported > most) return {last, true};
  return {std::max(last, reported), false};
}

Result<void> check_head(const Head& head, std::optional<TimePoint> last_issued, std::string_view nonce,
                        std::int64_t plan_highest) {
  if (nonce.empty() || head.nonce != nonce) {
    return refusal(RefusalCode::stale, "/nonce", "the head does not answer the nonce last sent");
  }
  if (last_issued && head.issued <= *last_issued) {
    return refusal(RefusalCode::stale, "/iat", "the head is not newer than the last one taken");
  }
  if (head.plan_revision < plan_highest) {
    return refusal(RefusalCode::old_revision, "/plan_revision",
                   "the head names a lower revision than one before it");
  }
  return {};
}

Result<AckVerdict> check_ack(const LogAck& ack, const AckState& known) {
  if (ack.log_id != known.log_id) {
    return refusal(RefusalCode::old_revision, "/log_id", "the acknowledgement is for another log");
  }
  if (known.last_issued && ack.issued <= *known.last_issued) {
    return refusal(RefusalCode::stale, "/iat", "the acknowledgement is not newer than the last one taken");
  }
  if (ack.number > known.sent) {
    return refusal(RefusalCode::old_revision, "/number", "the acknowledgement is above what was sent");
  }
  return AckVerdict{ack.number, ack.number < known.acked};
}

}  // namespace loa::protocol
