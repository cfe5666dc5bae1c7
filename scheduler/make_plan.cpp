#include "scheduler/make_plan.hpp"

#include <algorithm>
#include <set>

#include "scheduler/occurrences.hpp"

namespace loa::scheduler {
namespace {

using namespace std::chrono;

Plan frame(const PlanNode& node, PlanWindow window, TimePoint now, std::int64_t revision) {
  Plan plan;
  plan.node = node.id;
  plan.revision = revision;
  plan.made = now;
  plan.from = window.from;
  plan.until = window.until;
  plan.time_zone = node.time_zone;
  plan.utc_offset_minutes = utc_offset_minutes(now, node.time_zone);
  plan.areas = node.areas;
  plan.settings = node.settings;
  plan.brokers = node.brokers;
  plan.files = node.files;
  plan.fallback = node.fallback;
  return plan;
}

Problem too_many() {
  return {.code = "too_many",
          .where = "/when",
          .message = "a plan takes at most " + std::to_string(kMaxPlanOccurrences) + " occurrences"};
}

}  // namespace

TimePoint sessions_from(TimePoint now, const std::string& zone) {
  return start_of_day(floor<days>(to_local(now, zone)) - days{1}, zone);
}

PlanWindow plan_window(TimePoint now, const std::string& zone) {
  return {now, start_of_day(floor<days>(to_local(now, zone)) + days{kPlanDays}, zone)};
}

MadePlan make_plan(const std::vector<Broadcast>& broadcasts, const PlanNode& node, const Policy& policy,
                   PlanWindow window, TimePoint now, std::int64_t revision) {
  MadePlan answer;
  if (!known_zone(node.time_zone)) {
    answer.refusal = Problem{
        .code = "unknown_zone", .where = "/time_zone", .message = "the node's time zone is not known"};
    return answer;
  }
  const TimePoint from = sessions_from(std::min(now, window.from), node.time_zone);
  std::vector<Occurrence> all;
  for (const Broadcast& broadcast : broadcasts) {
    if (!aims_at(broadcast, node)) continue;
    if (auto why = check(broadcast.when)) {
      why->other = broadcast.id;
      answer.unusable.push_back(std::move(*why));
      continue;
    }
    auto made = occurrences_of(broadcast, from, window.until, 2 * kMaxPlanOccurrences);
    all.insert(all.end(), std::make_move_iterator(made.list.begin()),
               std::make_move_iterator(made.list.end()));
    if (!made.complete || all.size() > 2 * kMaxPlanOccurrences) {
      answer.refusal = too_many();
      return answer;
    }
  }
  sort_by_due(all);
  std::set<std::string, std::less<>> vetoed;
  const TimePoint ended_before = std::max(now, window.from);
  for (Veto& veto : vetoes(policy, all, node.time_zone)) {
    vetoed.insert(veto.occurrence_id);
    answer.vetoes.push_back(std::move(veto));
  }
  std::erase_if(all, [&](const Occurrence& o) { return o.end() <= ended_before; });
  std::erase_if(answer.vetoes, [&](const Veto& v) {
    return std::none_of(all.begin(), all.end(), [&](const Occurrence& o) { return o.id == v.occurrence_id; });
  });
  std::erase_if(all, [&](const Occurrence& o) { return vetoed.contains(o.id); });
  if (all.size() > kMaxPlanOccurrences) {
    answer.refusal = too_many();
    return answer;
  }
  answer.plan = frame(node, window, now, revision);
  answer.plan->occurrences = std::move(all);
  return answer;
}

}  // namespace loa::scheduler
