#pragma once
#include <chrono>
#include <vector>

#include "scheduler/policy.hpp"

namespace loa::scheduler {

/// How far check_sounding looks from checked_from() on: a week and a day, so that each weekday is seen.
inline constexpr Millis kSoundingAhead = std::chrono::days{8};

/// The most groups of nodes that would get the same occurrences whose days check_sounding rehearses.
inline constexpr std::size_t kMostRehearsed = 20;

/// Where `wanted` would not simply be heard on time beside `others`, or would keep another from it: the days are
/// rehearsed with the plan that a node would get, by the playhead's own rules. Warnings only: would_wait,
/// would_be_interrupted, would_be_skipped for its own occurrences (`other` is what stands in the way), would_disturb for
/// another's (`other`); one a code and other broadcast, with the first due time and the count of occurrences, each
/// counted once over all nodes. Nodes that would get the same occurrences are one group and looked at once; those of
/// groups beyond kMostRehearsed are told as not_rehearsed. Muted ones play nothing and are passed over.
std::vector<Problem> check_sounding(const Broadcast& wanted, const std::vector<Broadcast>& others,
                                    const std::vector<Place>& places, TimePoint now);

/// Takes from `problems` each `overlaps` about a broadcast that `sounding` says something more exact about, and adds
/// `sounding`.
void add_sounding(std::vector<Problem>& problems, std::vector<Problem> sounding);

}  // namespace loa::scheduler
