#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "scheduler/broadcast.hpp"
#include "scheduler/problem.hpp"

namespace loa::scheduler {

/// When broadcasts may sound on some weekdays; minutes after local midnight, from < to <= 1440. It does not
/// reach into the next day: write two for that (they are joined at midnight).
struct PolicyWindow {
  std::uint8_t weekdays = 0x7f;  ///< bit 0 Monday … bit 6 Sunday
  int from_minute = 0;
  int to_minute = 1440;
  bool operator==(const PolicyWindow&) const = default;
};

/// What an area's operating regulation allows broadcasts; a setting that is absent is inherited from the area
/// above, and what no area sets is not limited. Emergency alerts always pass and are no part of this. A
/// session is a run of occurrences on a node with at most `session_gap_minutes` between the end of one and
/// the next start; it belongs to the local day on which it begins.
struct Policy {
  std::optional<std::vector<PolicyWindow>> windows;  ///< an empty list: never
  std::optional<int> max_session_minutes;
  std::optional<int> max_sessions_a_day;
  std::optional<int> session_gap_minutes;  ///< absent: kSessionGapMinutes
  bool operator==(const Policy&) const = default;
};
inline constexpr int kSessionGapMinutes = 5;

/// The policy of the last area of `chain` (the province first): for each setting the nearest that is set.
Policy resolve_policy(const std::vector<Policy>& chain);

/// Nothing, or what is wrong with a policy as a setting (code bad_policy, `where` is a JSON pointer into it).
std::optional<Problem> check_policy(const Policy& policy);

/// Whether [due, due + duration) lies wholly inside the policy's windows, by the wall clock of `zone`.
bool inside_windows(const Policy& policy, TimePoint due, Millis duration, const std::string& zone);

/// An occurrence that the policy does not let sound.
struct Veto {
  std::string occurrence_id;
  TimePoint due;
  std::string code;  ///< outside_window, quota_sessions, quota_minutes
  bool operator==(const Veto&) const = default;
};

/// What the policy takes out of one node's occurrences (sorted by due): first those outside the windows,
/// then, going forward in time, each that would make its session too long or begin one session too many. What
/// was there first stays.
std::vector<Veto> vetoes(const Policy& policy, const std::vector<Occurrence>& occurrences,
                         const std::string& zone);

/// A node with the policy that holds for it.
struct Place {
  PlanNode node;
  Policy policy;
};

/// A coming occurrence as the page shows it before saving.
struct Coming {
  LocalTime local;
  TimePoint due;
  TimePoint end;
  bool operator==(const Coming&) const = default;
};

/// Answer of check_schedule.
struct ScheduleCheck {
  std::vector<Problem>
      problems;  ///< refusals first; one a code and other broadcast, with the first time and the count
  std::vector<Coming> coming;  ///< the next occurrences, at most 50
  bool refused() const;
};

/// From when what is wanted is looked at: `now`, or a day before the first time of `when` that is to come (within five years) where that is later.
TimePoint checked_from(const Recurrence& when, TimePoint now);

/// Everything that would stop `wanted` on `places`, said before it is saved: the 16 days from checked_from() on,
/// beside the `others` that are already scheduled there. `places` are all nodes that could be aimed at; those
/// that are not are passed over. A `wanted` whose id is among the others replaces it. `new_start` is false
/// when only other things than the time are edited: then a start in the past is no problem.
ScheduleCheck check_schedule(const Broadcast& wanted, const std::vector<Broadcast>& others,
                             const std::vector<Place>& places, TimePoint now, bool new_start = true);

}  // namespace loa::scheduler
