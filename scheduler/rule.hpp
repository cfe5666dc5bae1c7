#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scheduler/local_time.hpp"

// Inside recurrence only: an RFC 5545 rule, read strictly before libical sees it.
namespace loa::scheduler {

enum class Frequency { daily, weekly, monthly, yearly };

/// A weekday, alone (nth 0) or counted in its month or year.
struct NthDay {
  int nth = 0;
  unsigned weekday = 0;  ///< 0 Sunday … 6 Saturday
};

struct Rule {
  Frequency frequency = Frequency::daily;
  int interval = 1;
  int count = 0;                         ///< 0: none
  std::optional<LocalTime> until_local;  ///< inclusive
  std::optional<TimePoint> until_utc;    ///< inclusive
  std::vector<int> months, month_days, set_positions, hours, minutes;
  std::vector<NthDay> days;
  unsigned week_start = 1;
  std::string for_libical;  ///< the same rule in canonical form, without UNTIL
};

/// The rule, or in English why it is none that is taken.
std::variant<Rule, std::string> read_rule(std::string_view text);

/// Whether the rule, begun at `start`, may match on `day`; BYSETPOS is not looked at, so it may say yes too
/// often.
bool may_match(const Rule& rule, LocalTime start, LocalDay day);

/// Whether the rule matches any time within `years` after `start`, and by its own UNTIL.
bool ever_matches(const Rule& rule, LocalTime start, int years);

}  // namespace loa::scheduler
