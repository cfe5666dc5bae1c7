#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace loa::scheduler {

/// The one unit of time in values that cross a room or a wire.
using Millis = std::chrono::milliseconds;

/// A moment in UTC with millisecond resolution, counted from 1970-01-01T00:00:00Z without leap seconds.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Millis>;

/// UTC milliseconds since the epoch.
constexpr std::int64_t to_ms(TimePoint time) { return time.time_since_epoch().count(); }

/// The moment `ms` UTC milliseconds after the epoch.
constexpr TimePoint from_ms(std::int64_t ms) { return TimePoint{Millis{ms}}; }

/// RFC 3339 in UTC with milliseconds only where they are not zero: `2026-11-24T06:00:00Z`.
std::string to_rfc3339(TimePoint time);

/// Reads an RFC 3339 date-time with `Z` or a numeric offset; nothing where the text is not exactly one.
std::optional<TimePoint> parse_rfc3339(std::string_view text);

/// ISO 8601 basic form in UTC to the second, `20261124T060000Z`, as used in occurrence ids.
std::string to_basic(TimePoint time);

/// Reads what to_basic writes; nothing where the text is not exactly that.
std::optional<TimePoint> parse_basic(std::string_view text);

}  // namespace loa::scheduler
