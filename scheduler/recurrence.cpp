#include "scheduler/recurrence.hpp"

#include <libical/ical.h>

#include <algorithm>
#include <memory>

#include "scheduler/rule.hpp"

namespace loa::scheduler {
namespace {

using namespace std::chrono;

constexpr int kYearsAhead = 40;
constexpr std::size_t kSlack =
    6 * kMaxTimesADay;              // times inside the widened span but outside the one asked for
constexpr int kMostSteps = 100000;  // 11 years of 24 times a day, 270 years of one
constexpr LocalTime kLastLocal = LocalTime{local_days{year{2200} / January / 1}};

struct FreeIterator {
  void operator()(icalrecur_iterator* iterator) const { icalrecur_iterator_free(iterator); }
};
using Iterator = std::unique_ptr<icalrecur_iterator, FreeIterator>;

icaltimetype to_ical(LocalTime time) {
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  icaltimetype t = icaltime_null_time();
  t.year = static_cast<int>(date.year());
  t.month = static_cast<int>(static_cast<unsigned>(date.month()));
  t.day = static_cast<int>(static_cast<unsigned>(date.day()));
  t.hour = static_cast<int>(clock.hours().count());
  t.minute = static_cast<int>(clock.minutes().count());
  t.second = static_cast<int>(clock.seconds().count());
  return t;
}

LocalTime from_ical(const icaltimetype& t) {
  const local_days day{year{t.year} / t.month / t.day};
  return day + hours{t.hour} + minutes{t.minute} + seconds{t.second};
}

// A span of local times, both ends in it.
struct Span {
  LocalTime first;
  LocalTime last;
};

bool may_match_in(const Rule& rule, LocalTime start, Span span) {
  for (LocalDay day = floor<days>(std::max(span.first, start)); day <= floor<days>(span.last); day += days{1})
    if (may_match(rule, start, day)) return true;
  return false;
}

// The first day from the start on that the rule matches, and there the first time; or the start. libical
// counts INTERVAL of a weekly rule wrongly from a start that the rule does not match.
LocalTime matching_start(const Rule& rule, LocalTime start, LocalTime last) {
  const LocalDay first = floor<days>(start);
  if (may_match(rule, start, first)) return start;
  const hh_mm_ss clock{start - first};
  const seconds time = (rule.hours.empty() ? clock.hours() : hours{0}) +
                       (rule.minutes.empty() ? clock.minutes() : minutes{0}) + clock.seconds();
  for (LocalDay day = first; day <= floor<days>(last); day += days{1})
    if (may_match(rule, start, day)) return day + time;
  return start;
}

// A start nearer to `first` from which the rule has the same times. libical's own set_start loses the step of
// rules with INTERVAL.
LocalTime near_start(const Rule& rule, LocalTime start, Span span) {
  start = matching_start(rule, start, span.last);
  const bool weekly = rule.frequency == Frequency::weekly;
  if (rule.count || span.first <= start || (!weekly && rule.frequency != Frequency::daily)) return start;
  const days step{rule.interval * (weekly ? 7 : 1)};
  const auto steps = floor<days>(span.first - start) / step;
  return start + (steps > 1 ? (steps - 1) * step : days{0});
}

// The rule's times inside `span` into `into`; false when the work limit came first.
bool add_rule_times(const Rule& rule, const Recurrence& when, Span span, std::size_t most,
                    std::vector<LocalTime>& into) {
  if (rule.until_local) span.last = std::min(span.last, *rule.until_local);
  // One libical call looks as far ahead as it must: it is not asked where nothing can be found.
  if (!may_match_in(rule, when.start, span)) return true;
  if (!rule.set_positions.empty() && !ever_matches(rule, when.start, kYearsAhead)) return true;
  const icalrecurrencetype recurrence = icalrecurrencetype_from_string(rule.for_libical.c_str());
  // Floating local time: libical's own zones stay shifted after a summer-time gap.
  const Iterator iterator{icalrecur_iterator_new(recurrence, to_ical(near_start(rule, when.start, span)))};
  if (!iterator) return true;
  for (int step = 0; step < kMostSteps; ++step) {
    const icaltimetype next = icalrecur_iterator_next(iterator.get());
    if (icaltime_is_null_time(next)) return true;
    const LocalTime local = from_ical(next);
    if (local > span.last) return true;
    if (local < span.first || local < when.start) continue;
    if (rule.until_utc && resolve(local, when.zone).before > *rule.until_utc) return true;
    if (std::binary_search(when.exdate.begin(), when.exdate.end(), local)) continue;
    into.push_back(local);
    if (into.size() >= most) return false;
  }
  return false;
}

Expansion expand_checked(const Recurrence& when, const Rule* rule, TimePoint from, TimePoint until,
                         std::size_t most) {
  Expansion answer;
  if (from >= until || most == 0) return answer;
  // Wider by more than any offset between a local time and its moment; cut exactly below.
  const Span span{std::max(to_local(from, when.zone) - hours{26}, LocalTime{}),
                  std::min(to_local(until, when.zone) + hours{26}, kLastLocal)};
  std::vector<LocalTime> locals;
  if (rule) answer.complete = add_rule_times(*rule, when, span, most + kSlack, locals);
  const auto add = [&](LocalTime local) {
    if (local < span.first || local > span.last ||
        std::binary_search(when.exdate.begin(), when.exdate.end(), local))
      return;
    locals.push_back(local);
  };
  if (!rule) add(when.start);
  for (const LocalTime local : when.rdate) add(local);
  std::sort(locals.begin(), locals.end());
  locals.erase(std::unique(locals.begin(), locals.end()), locals.end());
  for (const LocalTime local : locals) {
    const Resolved resolved = resolve(local, when.zone);
    if (resolved.before < from || resolved.before >= until) continue;
    if (answer.times.size() == most) {
      answer.complete = false;
      break;
    }
    answer.times.push_back(resolved);
  }
  return answer;
}

Problem problem(const char* code, const char* where, std::string message) {
  return {.code = code, .where = where, .message = std::move(message)};
}

bool in_range(LocalTime time) { return time >= LocalTime{} && time < kLastLocal; }

// The value as it is used inside: dates sorted for searching; and the rule, where there is one.
struct Checked {
  Recurrence when;
  std::optional<Rule> rule;
  const Rule* rule_or_null() const { return rule ? &*rule : nullptr; }
};

std::variant<Checked, Problem> read(const Recurrence& when) {
  if (!known_zone(when.zone))
    return problem("unknown_zone", "/zone", "the time zone \"" + when.zone.substr(0, 64) + "\" is not known");
  if (!in_range(when.start))
    return problem("bad_time", "/start", "the start must be in the years 1970 to 2199");
  for (const auto* list : {&when.rdate, &when.exdate}) {
    const char* where = list == &when.rdate ? "/rdate" : "/exdate";
    if (list->size() > kMaxDates)
      return problem("bad_rule", where, "more than " + std::to_string(kMaxDates) + " dates");
    if (!std::all_of(list->begin(), list->end(), in_range))
      return problem("bad_time", where, "dates must be in the years 1970 to 2199");
  }
  Checked checked{when, {}};
  std::sort(checked.when.exdate.begin(), checked.when.exdate.end());
  if (when.rrule.empty()) return checked;
  auto rule = read_rule(when.rrule);
  if (const auto* why = std::get_if<std::string>(&rule)) return problem("bad_rule", "/rrule", *why);
  checked.rule = std::get<Rule>(std::move(rule));
  return checked;
}

}  // namespace

std::optional<Problem> check(const Recurrence& when) {
  const auto checked = read(when);
  if (const auto* why = std::get_if<Problem>(&checked)) return *why;
  const auto& [value, rule] = std::get<Checked>(checked);
  if (rule && !ever_matches(*rule, value.start, kYearsAhead))
    return problem("never_occurs", "/rrule", "no date within 40 years matches the rule: it never occurs");
  LocalTime first = value.start;
  for (const LocalTime date : value.rdate) first = std::min(first, date);
  const TimePoint from = resolve(first, value.zone).before - hours{26};
  if (expand_checked(value, rule ? &*rule : nullptr, from, from + days{kYearsAhead * 366}, 1).times.empty())
    return problem("never_occurs", rule ? "/rrule" : "/exdate",
                   "every time is after the end of the rule or taken away: it never occurs");
  return {};
}

Expansion expand(const Recurrence& when, TimePoint from, TimePoint until, std::size_t most) {
  const auto checked = read(when);
  const auto* value = std::get_if<Checked>(&checked);
  if (!value) return {.complete = false};
  return expand_checked(value->when, value->rule_or_null(), from, until, most);
}

}  // namespace loa::scheduler
