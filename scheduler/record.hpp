#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "scheduler/plan.hpp"

namespace loa::scheduler {

/// The one outcome of one occurrence on one node.
enum class Outcome { played, partial, failed, skipped, cancelled };

/// Whether `level` was measured in the digital chain or at the amplifier.
enum class LevelKind { digital, measured };

/// How well the node knew the time.
enum class ClockQuality { synced, rtc, held, head, untrusted };

/// What was heard, or why not, of one occurrence; explains itself without plan or broadcast.
struct PlayRecord {
  std::string log_id;          ///< random, made with the node's log file
  std::int64_t number = 0;     ///< from 1, without gaps within log_id
  std::string previous_hash;   ///< SHA-256 (hex) of the record before in canonical form; 64 zeros for the first
  std::string occurrence_id;
  std::string broadcast_id;    ///< empty for an alert
  std::string alert_id;        ///< empty for a broadcast
  std::string programme_id;
  std::string title;
  std::string legal_field;
  std::string language;
  Class cls = Class::normal;
  std::optional<Origin> origin;
  TimePoint due;
  std::optional<TimePoint> started;  ///< clock time of the first sample at the sink
  std::optional<std::int64_t> start_error_us;  ///< first sample − due in µs on the monotonic clock
  std::int64_t heard_ms = 0;
  std::int64_t planned_ms = 0;
  std::string clip_sha256;     ///< first clip heard, empty where none was
  int volume = 0;              ///< percent in effect
  std::optional<double> level_dbfs;  ///< RMS over what sounded
  LevelKind level_kind = LevelKind::digital;  ///< measured: something behind the amplifier was looked at too
  std::optional<double> amplifier_dbfs = {};  ///< RMS behind the amplifier, where it can be measured in figures
  ClockQuality clock = ClockQuality::untrusted;
  std::optional<std::int64_t> clock_bound_ms = {};  ///< the clock was not further off than this; nothing: no bound was known
  Outcome outcome = Outcome::skipped;
  std::string reason;          ///< stable word, empty for plain `played`; see PROTOCOL.md
  std::string interrupted_by;  ///< occurrence id of what cut it, else empty
  TimePoint recorded;
  bool operator==(const PlayRecord&) const = default;
};

const char* name_of(Outcome outcome);
const char* name_of(LevelKind kind);
const char* name_of(ClockQuality quality);

}  // namespace loa::scheduler
