#include <algorithm>

#include "scheduler/rule.hpp"

namespace loa::scheduler {
namespace {

using namespace std::chrono;

template <class T>
bool named(const std::vector<T>& list, T value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

struct Day {
  LocalDay day;
  year_month_day date;
  int month, of_month, last_of_month;
};

Day look(LocalDay day) {
  const year_month_day date{day};
  const auto last = year_month_day_last{date.year(), month_day_last{date.month()}};
  return {day, date, static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(static_cast<unsigned>(last.day()))};
}

LocalDay week_of(LocalDay day, unsigned week_start) {
  return day - days{(weekday{day} - weekday{week_start}).count()};
}

bool in_period(const Rule& rule, const Day& start, const Day& d) {
  switch (rule.frequency) {
    case Frequency::daily:
      return (d.day - start.day).count() % rule.interval == 0;
    case Frequency::weekly:
      return (week_of(d.day, rule.week_start) - week_of(start.day, rule.week_start)).count() / 7 %
                 rule.interval ==
             0;
    case Frequency::monthly:
      return ((d.date.year() - start.date.year()).count() * 12 + d.month - start.month) % rule.interval == 0;
    case Frequency::yearly:
      return (d.date.year() - start.date.year()).count() % rule.interval == 0;
  }
  return false;
}

bool is_nth(const Rule& rule, const Day& d, int nth) {
  if (nth == 0) return true;
  const bool in_month = rule.frequency == Frequency::monthly || !rule.months.empty();
  int before = d.of_month - 1, behind = d.last_of_month - d.of_month;
  if (!in_month) {
    before = static_cast<int>((d.day - LocalDay{d.date.year() / January / 1}).count());
    behind = static_cast<int>((LocalDay{d.date.year() / December / 31} - d.day).count());
  }
  return nth > 0 ? before / 7 + 1 == nth : behind / 7 + 1 == -nth;
}

bool day_named(const Rule& rule, const Day& d) {
  const unsigned today = weekday{d.day}.c_encoding();
  return std::any_of(rule.days.begin(), rule.days.end(),
                     [&](const NthDay& n) { return n.weekday == today && is_nth(rule, d, n.nth); });
}

// The parts that a rule leaves out come from its start (RFC 5545, 3.3.10).
bool matches_implied(const Rule& rule, const Day& start, const Day& d) {
  if (!rule.days.empty() || !rule.month_days.empty()) return true;
  switch (rule.frequency) {
    case Frequency::daily:
      return true;
    case Frequency::weekly:
      return weekday{d.day} == weekday{start.day};
    case Frequency::monthly:
      return d.of_month == start.of_month;
    case Frequency::yearly:
      return d.of_month == start.of_month && (!rule.months.empty() || d.month == start.month);
  }
  return false;
}

bool matches(const Rule& rule, const Day& start, const Day& d) {
  return in_period(rule, start, d) && (rule.months.empty() || named(rule.months, d.month)) &&
         (rule.month_days.empty() || named(rule.month_days, d.of_month) ||
          named(rule.month_days, d.of_month - d.last_of_month - 1)) &&
         (rule.days.empty() || day_named(rule, d)) && matches_implied(rule, start, d);
}

bool position_exists(const Rule& rule, int matched_days) {
  const auto times =
      std::max<std::size_t>(1, rule.hours.size()) * std::max<std::size_t>(1, rule.minutes.size());
  return std::any_of(rule.set_positions.begin(), rule.set_positions.end(),
                     [&](int at) { return std::abs(at) <= matched_days * static_cast<int>(times); });
}

}  // namespace

bool may_match(const Rule& rule, LocalTime start, LocalDay day) {
  return matches(rule, look(floor<days>(start)), look(day));
}

bool ever_matches(const Rule& rule, LocalTime start, int years_on) {
  const Day first = look(floor<days>(start));
  const LocalDay last = first.day + days{years_on * 366};
  int matched = 0;
  Day before = first;
  for (LocalDay day = first.day; day <= last; day += days{1}) {
    const Day d = look(day);
    const bool new_period = d.date.year() != before.date.year() ||
                            (rule.frequency == Frequency::monthly && d.month != before.month);
    if (new_period) matched = 0;
    before = d;
    if (!matches(rule, first, d)) continue;
    if (rule.set_positions.empty() || position_exists(rule, ++matched)) return true;
  }
  return false;
}

}  // namespace loa::scheduler
