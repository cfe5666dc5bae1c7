#include <algorithm>
#include <charconv>
#include <map>

#include "scheduler/recurrence.hpp"
#include "scheduler/rule.hpp"

namespace loa::scheduler {
namespace {

constexpr const char* kWeekdays[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
using Refused = std::string;

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == by)
      parts.emplace_back();
    else
      parts.back().push_back(c);
  }
  return parts;
}

std::optional<int> number(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.front() == '+' || error != std::errc{} || end != text.data() + text.size())
    return {};
  return value;
}

std::optional<unsigned> weekday(std::string_view text) {
  const auto found = std::find(std::begin(kWeekdays), std::end(kWeekdays), text);
  if (found == std::end(kWeekdays)) return {};
  return static_cast<unsigned>(found - std::begin(kWeekdays));
}

using Parts = std::map<std::string, std::string, std::less<>>;

// Reads one rule; each take_ function removes the part it understands and throws Refused, caught in
// read_rule.
class Reader {
 public:
  explicit Reader(Parts parts) : parts_(std::move(parts)) {}

  Rule read() {
    take_frequency();
    rule_.interval = single("INTERVAL", 1, kMaxInterval, 1);
    rule_.count = single("COUNT", 1, kMaxCount, 0);
    take_until();
    rule_.months = numbers("BYMONTH", 1, 12, false);
    rule_.month_days = numbers("BYMONTHDAY", 1, 31, true);
    rule_.hours = numbers("BYHOUR", 0, 23, false);
    rule_.minutes = numbers("BYMINUTE", 0, 59, false);
    rule_.set_positions = numbers("BYSETPOS", 1, 366, true);
    take_days();
    if (const auto text = take("WKST")) {
      const auto day = weekday(*text);
      if (!day) throw Refused{"WKST must be a weekday such as MO"};
      rule_.week_start = *day;
    }
    if (!parts_.empty()) throw Refused{parts_.begin()->first + " is not supported in a rule"};
    check_together();
    rule_.for_libical = canonical();
    return std::move(rule_);
  }

 private:
  std::optional<std::string> take(std::string_view name) {
    const auto found = parts_.find(name);
    if (found == parts_.end()) return {};
    written_.insert(*found);
    std::string value = found->second;
    parts_.erase(found);
    return value;
  }

  void take_frequency() {
    const auto text = take("FREQ");
    if (!text) throw Refused{"FREQ is missing"};
    static const std::map<std::string, Frequency> known = {{"DAILY", Frequency::daily},
                                                           {"WEEKLY", Frequency::weekly},
                                                           {"MONTHLY", Frequency::monthly},
                                                           {"YEARLY", Frequency::yearly}};
    const auto found = known.find(*text);
    if (found == known.end()) throw Refused{"FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY, not " + *text};
    rule_.frequency = found->second;
  }

  int single(const std::string& name, int least, int most, int otherwise) {
    const auto text = take(name);
    if (!text) return otherwise;
    const auto value = number(*text);
    if (!value || *value < least || *value > most)
      throw Refused{name + " must be a number from " + std::to_string(least) + " to " + std::to_string(most)};
    return *value;
  }

  std::vector<int> numbers(const std::string& name, int least, int most, bool signed_too) {
    std::vector<int> values;
    const auto text = take(name);
    if (!text) return values;
    for (const std::string& part : split(*text, ',')) {
      const auto value = number(part);
      const int size = value ? (signed_too ? std::abs(*value) : *value) : -1;
      if (!value || size < least || size > most)
        throw Refused{name + " must hold numbers from " + std::to_string(least) + " to " +
                      std::to_string(most) + ", not \"" + part + "\""};
      if (std::find(values.begin(), values.end(), *value) != values.end())
        throw Refused{name + " names " + part + " twice"};
      values.push_back(*value);
    }
    return values;
  }

  void take_until() {
    const auto text = take("UNTIL");
    if (!text) return;
    written_.erase("UNTIL");
    if (rule_.count) throw Refused{"COUNT and UNTIL cannot stand together"};
    const std::string whole = text->size() == 8    ? *text + "T235959Z"
                              : text->size() == 15 ? *text + "Z"
                                                   : *text;
    const auto time = parse_basic(whole);
    if (!time) throw Refused{"UNTIL must be like 20270101, 20270101T060000 or 20270101T060000Z"};
    if (text->size() == 16)
      rule_.until_utc = *time;
    else
      rule_.until_local = LocalTime{std::chrono::floor<std::chrono::seconds>(time->time_since_epoch())};
  }

  void take_days() {
    const auto text = take("BYDAY");
    if (!text) return;
    const std::vector<std::string> parts = split(*text, ',');
    if (parts.size() > 35) throw Refused{"BYDAY names too many days"};
    for (const std::string& part : parts) {
      if (std::count(parts.begin(), parts.end(), part) > 1) throw Refused{"BYDAY names " + part + " twice"};
      const auto day =
          part.size() < 2 ? std::nullopt : weekday(std::string_view{part}.substr(part.size() - 2));
      const auto nth = part.size() > 2 ? number(std::string_view{part}.substr(0, part.size() - 2)) : 0;
      if (!day || !nth || (part.size() > 2 && *nth == 0))
        throw Refused{"BYDAY must hold weekdays such as MO or 2TU, not \"" + part + "\""};
      rule_.days.push_back({*nth, *day});
    }
  }

  void check_together() {
    const bool by_month = rule_.frequency == Frequency::monthly || !rule_.months.empty();
    const bool by_year = rule_.frequency == Frequency::yearly;
    for (const NthDay& day : rule_.days) {
      if (day.nth == 0) continue;
      if (!by_year && rule_.frequency != Frequency::monthly)
        throw Refused{"BYDAY counts days only in MONTHLY and YEARLY rules"};
      if (std::abs(day.nth) > (by_month ? 5 : 53)) throw Refused{"BYDAY counts further than there are days"};
      if (!rule_.month_days.empty()) throw Refused{"BYDAY with a count and BYMONTHDAY cannot stand together"};
    }
    if (!rule_.month_days.empty() && rule_.frequency == Frequency::weekly)
      throw Refused{"BYMONTHDAY cannot stand in a WEEKLY rule"};
    // libical 3.0 overlooks such days in a DAILY rule.
    if (rule_.frequency == Frequency::daily &&
        std::any_of(rule_.month_days.begin(), rule_.month_days.end(), [](int day) { return day < 0; }))
      throw Refused{"BYMONTHDAY counts from the end only in MONTHLY and YEARLY rules"};
    if (!rule_.set_positions.empty() && !by_year && rule_.frequency != Frequency::monthly)
      throw Refused{"BYSETPOS is taken only in MONTHLY and YEARLY rules"};
    if (!rule_.set_positions.empty() && rule_.days.empty() && rule_.month_days.empty())
      throw Refused{"BYSETPOS needs BYDAY or BYMONTHDAY"};
    const std::size_t times =
        std::max<std::size_t>(1, rule_.hours.size()) * std::max<std::size_t>(1, rule_.minutes.size());
    if (times > kMaxTimesADay)
      throw Refused{"the rule has more than " + std::to_string(kMaxTimesADay) + " times a day"};
  }

  std::string canonical() const {
    std::string text = "FREQ=" + written_.at("FREQ");
    for (const auto& [name, value] : written_)
      if (name != "FREQ") text += ";" + name + "=" + value;
    // libical 3.0 takes only the start's month there, RFC 5545 every month.
    if (rule_.frequency == Frequency::yearly && !rule_.month_days.empty() && rule_.months.empty())
      text += ";BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12";
    return text;
  }

  Parts parts_;
  Parts written_;
  Rule rule_;
};

}  // namespace

std::variant<Rule, std::string> read_rule(std::string_view text) {
  if (text.size() > kMaxRuleLength)
    return Refused{"the rule is longer than " + std::to_string(kMaxRuleLength) + " characters"};
  Parts parts;
  for (const std::string& part : split(text, ';')) {
    const auto equals = part.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == part.size())
      return Refused{"\"" + part + "\" is not NAME=VALUE"};
    if (!parts.emplace(part.substr(0, equals), part.substr(equals + 1)).second)
      return Refused{part.substr(0, equals) + " stands twice"};
  }
  try {
    return Reader{std::move(parts)}.read();
  } catch (const Refused& why) {
    return why;
  }
}

}  // namespace loa::scheduler
