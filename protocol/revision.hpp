#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/messages.hpp"
#include "protocol/refusal.hpp"

namespace loa::protocol {

/// The revision to sign with next: the larger of `last` + 1 and the UTC milliseconds of `now`. Commit it
/// before publishing.
std::int64_t next_revision(std::int64_t last, TimePoint now);

/// What a node's report of the highest plan revision it was named makes of the controller's own number.
struct ReportedRevision {
  std::int64_t last = 0;  ///< use this as `last` from now on
  bool alarm = false;     ///< the report was more than a day ahead, and was not believed
};

/// A node's report can raise only its own plan's revision, by at most a day (a controller restored from an
/// old backup); more is an alarm and changes nothing.
ReportedRevision take_reported(std::int64_t last, std::int64_t reported, TimePoint now);

/// Whether a node may take a head: its issue time above `last_issued` and the nonce the one last sent, else
/// `stale`; a plan revision below `plan_highest`, the highest that any valid head has named, is old_revision.
Result<void> check_head(const Head& head, std::optional<TimePoint> last_issued, std::string_view nonce,
                        std::int64_t plan_highest);

/// What a node may do with an acknowledgement.
struct AckVerdict {
  std::int64_t acked = 0;  ///< records up to this number are stored by the controller
  bool resend = false;     ///< the number went back: send again from acked + 1
};

/// What a node knows of its log when an acknowledgement comes.
struct AckState {
  std::string log_id;
  std::int64_t sent = 0;  ///< highest number sent so far
  std::int64_t acked = 0;
  std::optional<TimePoint> last_issued;  ///< issue time of the last acknowledgement taken
};

/// An acknowledgement of another log, or above what was sent, is refused as old_revision; one not newer in
/// issue time than the last as stale; a newer one with a lower number means: send again from there.
Result<AckVerdict> check_ack(const LogAck& ack, const AckState& known);

}  // namespace loa::protocol
