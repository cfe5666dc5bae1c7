#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "scheduler/time.hpp"

namespace loa::scheduler {

/// What a wall clock shows, to the second, in no particular zone.
using LocalTime = std::chrono::local_time<std::chrono::seconds>;

/// A local calendar day.
using LocalDay = std::chrono::local_days;

/// `2026-11-24T06:00:00`.
std::string to_text(LocalTime time);

/// Reads exactly what to_text writes, in the years 1970 to 2199; nothing where the text is not that or the
/// day does not exist.
std::optional<LocalTime> parse_local(std::string_view text);

/// Whether a local time exists once, not at all (clocks went forward) or twice (clocks went back).
enum class LocalKind { unique, nonexistent, ambiguous };

/// A local time in a zone, with both ways to read it where there are two; the caller decides.
/// Europe/Berlin, 2026-03-29T02:30:00 (nonexistent): before = 01:30Z (03:30 summer time), after = 00:30Z
/// (01:30 winter time). Europe/Berlin, 2026-10-25T02:30:00 (ambiguous):   before = 00:30Z (summer time),
/// after = 01:30Z (winter time).
struct Resolved {
  LocalTime local;
  LocalKind kind = LocalKind::unique;
  TimePoint before;  ///< read with the offset before the change; RFC 5545 section 3.3.5 takes this one
  TimePoint after;   ///< read with the offset after the change; equal to `before` when unique
  bool operator==(const Resolved&) const = default;
};

/// Whether the tz database of this machine has `zone`; the planner's functions below need a zone that it has.
bool known_zone(std::string_view zone);

/// What `local` is in `zone`; throws std::runtime_error for an unknown zone (check with known_zone first).
Resolved resolve(LocalTime local, const std::string& zone);

/// What a wall clock in `zone` shows at `time`, cut to the second; throws std::runtime_error for an unknown
/// zone.
LocalTime to_local(TimePoint time, const std::string& zone);

/// The first moment of a local day in `zone` (where midnight does not exist, the moment of the change).
TimePoint start_of_day(LocalDay day, const std::string& zone);

/// Minutes that `zone` is ahead of UTC at `time`.
int utc_offset_minutes(TimePoint time, const std::string& zone);

}  // namespace loa::scheduler
