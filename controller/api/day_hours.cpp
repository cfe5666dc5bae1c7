#include "controller/api/day_hours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "protocol/limits.hpp"

namespace loa::api {
namespace {

// "06:30" as minutes after midnight; "24:00" is the end of the day.
std::optional<int> minutes(std::string_view text) {
  int hour = 0;
  int minute = 0;
  const auto digits = [](std::string_view part, int& value) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return part.size() == 2 && error == std::errc() && end == part.data() + part.size();
  };
  if (text.size() != 5 || text[2] != ':' || !digits(text.substr(0, 2), hour) || !digits(text.substr(3), minute)) return {};
  if (hour < 0 || minute < 0 || minute > 59 || hour * 60 + minute > 1440) return {};
  return hour * 60 + minute;
}

scheduler::VolumeHours read_hours(Fields& fields) {
  scheduler::VolumeHours hours;
  hours.from_minute = read_minutes(fields, "from");
  hours.to_minute = read_minutes(fields, "to");
  hours.volume = static_cast<int>(fields.integer("volume", 0, 100));
  if (hours.from_minute >= hours.to_minute) fields.fault("to", "out_of_range", "must be later than `from`");
  return hours;
}

}  // namespace

boost::json::string time_of_day(int minute) { return boost::json::string(fmt::format("{:02}:{:02}", minute / 60, minute % 60)); }

int read_minutes(Fields& fields, const char* name) {
  const auto text = fields.text(name, {1, 5});
  const auto value = minutes(text);
  if (!text.empty() && !value) fields.fault(name, "bad_time", "a time of day such as 05:30 is wanted");
  return value.value_or(0);
}

std::optional<std::vector<scheduler::VolumeHours>> read_volume_by_hour(Fields& fields) {
  std::vector<scheduler::VolumeHours> list;
  const auto read = fields.optional_objects("volume_by_hour", 0, protocol::kMaxHours, [&](Fields& entry) { list.push_back(read_hours(entry)); });
  if (!read) return {};
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.from_minute < b.from_minute; });
  const auto overlap = std::adjacent_find(list.begin(), list.end(), [](const auto& a, const auto& b) { return b.from_minute < a.to_minute; });
  if (overlap != list.end()) fields.fault("volume_by_hour", "hours_overlap", "two of the hours overlap");
  return list;
}

boost::json::array volume_by_hour(const std::vector<scheduler::VolumeHours>& hours) {
  boost::json::array answer;
  for (const auto& one : hours)
    answer.push_back(boost::json::object{{"from", time_of_day(one.from_minute)}, {"to", time_of_day(one.to_minute)}, {"volume", one.volume}});
  return answer;
}

}  // namespace loa::api
