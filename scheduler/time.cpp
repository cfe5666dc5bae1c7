#include "scheduler/time.hpp"

#include "scheduler/alert.hpp"
#include "scheduler/plan.hpp"

namespace loa::scheduler {
namespace {

using namespace std::chrono;

std::string digits(int value, int width) {
  std::string text = std::to_string(value);
  if (static_cast<int>(text.size()) < width) text.insert(0, width - text.size(), '0');
  return text;
}

// Takes exactly `width` decimal digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t width) {
  if (text.size() < width) return {};
  int value = 0;
  for (char c : text.substr(0, width)) {
    if (c < '0' || c > '9') return {};
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

struct Fields {
  int year, month, day, hour, minute, second;
};

std::optional<TimePoint> moment(const Fields& f) {
  const year_month_day date{year{f.year}, month(f.month), day(f.day)};
  if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 59) return {};
  return sys_days{date} + hours{f.hour} + minutes{f.minute} + seconds{f.second};
}

std::optional<Fields> take_fields(std::string_view& text, bool extended) {
  const auto separator = [&](char c) { return !extended || take(text, c); };
  Fields f{};
  const auto number = [&](int& into, std::size_t width) {
    const auto value = take_number(text, width);
    if (value) into = *value;
    return value.has_value();
  };
  const bool ok = number(f.year, 4) && separator('-') && number(f.month, 2) && separator('-') &&
                  number(f.day, 2) && take(text, 'T') && number(f.hour, 2) && separator(':') &&
                  number(f.minute, 2) && separator(':') && number(f.second, 2);
  if (!ok) return {};
  return f;
}

// RFC 3339 time-secfrac: any number of digits; what is finer than a millisecond is cut off.
std::optional<Millis> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return Millis{0};
  std::size_t count = 0;
  int value = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (count < 3) value = value * 10 + (text.front() - '0');
    ++count;
    text.remove_prefix(1);
  }
  if (count == 0 || count > 9) return {};
  for (std::size_t i = count; i < 3; ++i) value *= 10;
  return Millis{value};
}

std::optional<minutes> take_offset(std::string_view& text) {
  if (take(text, 'Z')) return minutes{0};
  const bool negative = !text.empty() && text.front() == '-';
  if (!take(text, '-') && !take(text, '+')) return {};
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return {};
  const auto minute = take_number(text, 2);
  if (!minute || *hour > 23 || *minute > 59) return {};
  const minutes offset{*hour * 60 + *minute};
  return negative ? -offset : offset;
}

std::string write(TimePoint time, bool extended) {
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  const char* dash = extended ? "-" : "";
  const char* colon = extended ? ":" : "";
  return digits(static_cast<int>(date.year()), 4) + dash +
         digits(static_cast<int>(static_cast<unsigned>(date.month())), 2) + dash +
         digits(static_cast<int>(static_cast<unsigned>(date.day())), 2) + "T" +
         digits(static_cast<int>(clock.hours().count()), 2) + colon +
         digits(static_cast<int>(clock.minutes().count()), 2) + colon +
         digits(static_cast<int>(clock.seconds().count()), 2);
}

}  // namespace

std::string to_rfc3339(TimePoint time) {
  const auto fraction = (time - floor<seconds>(time)).count();
  return write(time, true) + (fraction ? "." + digits(static_cast<int>(fraction), 3) : "") + "Z";
}

std::optional<TimePoint> parse_rfc3339(std::string_view text) {
  const auto fields = take_fields(text, true);
  if (!fields) return {};
  const auto time = moment(*fields);
  const auto fraction = take_fraction(text);
  const auto offset = take_offset(text);
  if (!time || !fraction || !offset || !text.empty()) return {};
  return *time + *fraction - *offset;
}

std::string to_basic(TimePoint time) { return write(time, false) + "Z"; }

std::optional<TimePoint> parse_basic(std::string_view text) {
  const auto fields = take_fields(text, false);
  if (!fields || !take(text, 'Z') || !text.empty()) return {};
  return moment(*fields);
}

std::string occurrence_id(const std::string& broadcast_id, TimePoint start) {
  return broadcast_id + "@" + to_basic(start);
}

std::string alert_occurrence_id(const Alert& alert, int repeat) {
  return alert.id + "." + std::to_string(alert.revision) + "." + std::to_string(repeat);
}

}  // namespace loa::scheduler
