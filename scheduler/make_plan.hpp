#pragma once
#include <optional>
#include <vector>

#include "scheduler/broadcast.hpp"
#include "scheduler/policy.hpp"

namespace loa::scheduler {

/// The most occurrences of one plan; make_plan refuses more (too_many). 16 days of 50 are 800.
inline constexpr std::size_t kMaxPlanOccurrences = 2000;

/// Days of a plan: today and 15 more, so that 14 days without network always play in full.
inline constexpr int kPlanDays = 16;

/// What a plan covers: [from, until).
struct PlanWindow {
  TimePoint from;
  TimePoint until;
  bool operator==(const PlanWindow&) const = default;
};

/// From `now` to the end of the local day 15 days on, in `zone`.
PlanWindow plan_window(TimePoint now, const std::string& zone);

/// A plan, or why there is none; with what the policy took out of it, to be recorded as skipped (promise 6).
struct MadePlan {
  std::optional<Plan> plan;        ///< nothing: see refusal
  std::optional<Problem> refusal;  ///< too_many, unknown_zone
  std::vector<Veto> vetoes;        ///< occurrences in the window that the policy does not let sound
  std::vector<Problem> unusable;   ///< broadcasts whose recurrence is refused; `other` is the broadcast's id
};

/// The plan of `node`: every occurrence of the broadcasts aimed at it that is due before window.until and has
/// not ended at `now` and at window.from (one that started before and still sounds stays), without those
/// cancelled and those the policy takes out, by due, then id. A local time that does not exist or exists
/// twice is read as RFC 5545 section 3.3.5 says (Resolved::before). Pure: same arguments, same plan; `made`
/// is `now`.
MadePlan make_plan(const std::vector<Broadcast>& broadcasts, const PlanNode& node, const Policy& policy,
                   PlanWindow window, TimePoint now, std::int64_t revision);

}  // namespace loa::scheduler
