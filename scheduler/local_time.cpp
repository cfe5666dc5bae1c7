#include "scheduler/local_time.hpp"

#include <date/tz.h>

#include <stdexcept>

namespace loa::scheduler {
namespace {

using std::chrono::seconds;

const date::time_zone& zone_named(std::string_view zone) { return *date::locate_zone(std::string{zone}); }

date::local_time<seconds> foreign(LocalTime time) {
  return date::local_time<seconds>{time.time_since_epoch()};
}

}  // namespace

std::string to_text(LocalTime time) {
  const std::string utc = to_rfc3339(TimePoint{time.time_since_epoch()});
  return utc.substr(0, utc.size() - 1);
}

std::optional<LocalTime> parse_local(std::string_view text) {
  if (text.size() != 19) return {};
  const auto time = parse_rfc3339(std::string{text} + "Z");
  if (!time || text < "1970" || text >= "2200") return {};
  return LocalTime{std::chrono::floor<seconds>(time->time_since_epoch())};
}

bool known_zone(std::string_view zone) {
  if (zone.empty() || zone.size() > 64) return false;
  try {
    zone_named(zone);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

Resolved resolve(LocalTime local, const std::string& zone) {
  const date::local_info info = zone_named(zone).get_info(foreign(local));
  const auto read = [&](const date::sys_info& by) { return TimePoint{local.time_since_epoch() - by.offset}; };
  switch (info.result) {
    case date::local_info::nonexistent:
      return {local, LocalKind::nonexistent, read(info.first), read(info.second)};
    case date::local_info::ambiguous:
      return {local, LocalKind::ambiguous, read(info.first), read(info.second)};
    default:
      return {local, LocalKind::unique, read(info.first), read(info.first)};
  }
}

LocalTime to_local(TimePoint time, const std::string& zone) {
  return LocalTime{zone_named(zone).to_local(std::chrono::floor<seconds>(time)).time_since_epoch()};
}

TimePoint start_of_day(LocalDay day, const std::string& zone) {
  const date::time_zone& tz = zone_named(zone);
  return TimePoint{tz.to_sys(foreign(LocalTime{day}), date::choose::earliest).time_since_epoch()};
}

int utc_offset_minutes(TimePoint time, const std::string& zone) {
  const auto info = zone_named(zone).get_info(std::chrono::floor<seconds>(time));
  return static_cast<int>(std::chrono::floor<std::chrono::minutes>(info.offset).count());
}

}  // namespace loa::scheduler
