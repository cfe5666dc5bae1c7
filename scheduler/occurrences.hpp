#pragma once
#include <vector>

#include "scheduler/broadcast.hpp"

// Inside the planner only: broadcasts turned into occurrences.
namespace loa::scheduler {

/// The occurrence of `broadcast` that is due at `due`.
Occurrence make_occurrence(const Broadcast& broadcast, TimePoint due);

struct BroadcastOccurrences {
  std::vector<Occurrence> list;
  bool complete = true;  ///< false: more than were asked for, or a recurrence that is refused
};

/// The occurrences of `broadcast`, without the cancelled ones, that are due before `until` and end after
/// `from`; at most `most`.
BroadcastOccurrences occurrences_of(const Broadcast& broadcast, TimePoint from, TimePoint until,
                                    std::size_t most);

/// By due, then id; each id once (two local times can be one moment after a summer-time gap).
void sort_by_due(std::vector<Occurrence>& list);

/// From when sessions must be counted for a plan that looks on from `now`: the beginning of the local day
/// before.
TimePoint sessions_from(TimePoint now, const std::string& zone);

}  // namespace loa::scheduler
