#pragma once
#include <optional>
#include <string>
#include <vector>

#include "scheduler/time.hpp"

namespace loa::scheduler {

/// Something about a schedule that the officer must know before saving (promise 6: no hidden veto).
/// `code` is stable and the page translates it; `message` is English.
struct Problem {
  std::string code;   ///< one of the words of kProblemCodes
  std::string where;  ///< JSON pointer into the broadcast, for example "/when/rrule"
  std::string message;
  bool refuses = true;          ///< false: a warning, the schedule may be saved
  std::optional<TimePoint> at;  ///< due time of the first occurrence concerned
  std::string other;            ///< id of the other occurrence, where two are in each other's way
  int count = 1;                ///< occurrences concerned, over all nodes; nodes for `plan_full` and `not_rehearsed`
  std::vector<std::string> nodes;  ///< with those two: ids of the nodes, at most kMostNamedNodes
  bool operator==(const Problem&) const = default;
};

/// The most nodes that one problem names.
inline constexpr std::size_t kMostNamedNodes = 20;

/// Every code that this room gives out.
inline constexpr const char* kProblemCodes[] = {
    "bad_rule",                ///< refuses: the rule is not one that is understood
    "unknown_zone",            ///< refuses: the zone is not in the tz database
    "bad_time",                ///< refuses: a local time out of range
    "never_occurs",            ///< refuses: no time matches
    "too_many",                ///< refuses: more occurrences than a plan takes
    "plan_full",               ///< refuses: a node's plan would hold more occurrences than a plan takes
    "past_start",              ///< refuses: the first occurrence is due before now
    "too_long",                ///< refuses: an occurrence longer than the policy's session, or than a day
    "no_items",                ///< refuses: nothing to be heard
    "no_nodes",                ///< refuses: no node in what is aimed at
    "outside_window",          ///< refuses: not wholly inside a window of the area
    "quota_sessions",          ///< refuses: more sessions a day than allowed
    "quota_minutes",           ///< refuses: a session longer than allowed, together with its neighbours
    "overlaps",                ///< warns: same class at the same time, or it takes time from a lower class
    "would_wait",              ///< warns: something else sounds when it is due, so it starts late
    "would_be_interrupted",    ///< warns: a higher class cuts it
    "would_be_skipped",        ///< warns: it would not be heard at all
    "would_disturb",           ///< warns: another would be heard otherwise than without it
    "not_rehearsed",           ///< warns: nodes whose days were not looked at, there are too many different ones
    "nonexistent_local_time",  ///< warns: clocks go forward there; it sounds later by the jump (RFC 5545)
    "ambiguous_local_time",    ///< warns: clocks go back there; it sounds the first time
};

}  // namespace loa::scheduler
