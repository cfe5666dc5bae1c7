#pragma once
#include <string>
#include <vector>

#include "scheduler/playhead.hpp"

namespace loa::scheduler {

/// Whether `next` says that an occurrence of an earlier plan, due at `due` with planned end `end`, is to
/// stop: its window covers some of [due, end) and it does not hold the occurrence. A plan whose window does
/// not cover it leaves it running.
bool dropped_by(const Plan& next, const std::string& occurrence_id, TimePoint due, TimePoint end);

/// What a node does when it takes `next` in place of `held`.
struct Succession {
  Plan plan;  ///< `next`, with what `held` holds, `next` does not cover, and has neither ended nor an outcome
  std::vector<Ended>
      ended;  ///< due occurrences without outcome that `next` dropped: cancelled, reason "plan"
};

/// The plan in force after `next` was taken at `now`. Call at() and apply() with the old plan first, so that
/// what is over has its outcome; record and note() what ended, then ask at() again with the plan. `held` may
/// be null. A node that restarts does the same with the plans on its disk, or simply loses what was carried
/// (cancelled: withdrawn).
Succession succeed(const Plan* held, Plan next, const History& history, TimePoint now);

/// Writes one outcome into `history`, for what the caller ended itself: an order to stop, a player that
/// failed, a succession.
void note(History& history, const Ended& ended);

/// Forgets what has an outcome and is named by neither plan nor alerts, once its time is `keep` before `now`.
void prune(History& history, const Plan* plan, const std::vector<Alert>& alerts, TimePoint now,
           Millis keep = std::chrono::hours{24 * 32});

}  // namespace loa::scheduler
