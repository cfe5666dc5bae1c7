#pragma once
#include <optional>
#include <string>
#include <vector>

#include "scheduler/plan.hpp"
#include "scheduler/record.hpp"

namespace loa::scheduler {

/// The most moments that one preview looks at; a day of 50 occurrences takes some 200.
inline constexpr std::size_t kPreviewSteps = 5000;

/// What would become of one occurrence of a plan.
struct Foreseen {
  std::string occurrence_id;
  TimePoint due;
  std::optional<TimePoint> starts;  ///< when it is first heard; nothing: not within the preview
  std::optional<TimePoint> ends;    ///< when its outcome is known; nothing: still to come when the preview ends
  std::optional<Outcome> outcome;   ///< set with `ends`
  std::string reason;               ///< as the playhead says it; empty for plain `played`
  bool interrupted = false;         ///< something above it cut it, whether or not it came back
  std::string by;                   ///< the last occurrence that it waited for, or that cut or replaced it; else empty
  bool operator==(const Foreseen&) const = default;
};

struct Preview {
  std::vector<Foreseen> occurrences;  ///< those due before `until`, by due, then id
  bool complete = true;               ///< false: `most_steps` were used up before `until`
};

/// What a node that holds `plan` would do in [from, until) were every clip there and no alert raised: asks `at` as the
/// node does, from wake to wake, at most `most_steps` times. What is due before `from` is looked at from its due time.
Preview preview(const Plan& plan, TimePoint from, TimePoint until, std::size_t most_steps = kPreviewSteps);

}  // namespace loa::scheduler
