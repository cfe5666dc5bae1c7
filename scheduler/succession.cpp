#include "scheduler/succession.hpp"

#include <algorithm>

namespace loa::scheduler {
namespace {

bool holds(const Plan& plan, const std::string& id) {
  return std::any_of(plan.occurrences.begin(), plan.occurrences.end(),
                     [&](const Occurrence& o) { return o.id == id; });
}

}  // namespace

bool dropped_by(const Plan& next, const std::string& occurrence_id, TimePoint due, TimePoint end) {
  return due < next.until && end > next.from && !holds(next, occurrence_id);
}

Succession succeed(const Plan* held, Plan next, const History& history, TimePoint now) {
  Succession answer;
  std::vector<Occurrence> carried;
  for (const Occurrence& o : held ? held->occurrences : std::vector<Occurrence>{}) {
    const OccurrenceHistory* known = history.find(o.id);
    const bool begun = known && known->open();
    if ((known && known->outcome) || (!begun && o.due > now) || holds(next, o.id)) continue;
    if (dropped_by(next, o.id, o.due, o.end()))
      answer.ended.push_back({o.id, {}, Outcome::cancelled, "plan", {}});
    else
      carried.push_back(o);
  }
  answer.plan = std::move(next);
  auto& all = answer.plan.occurrences;
  all.insert(all.end(), std::make_move_iterator(carried.begin()), std::make_move_iterator(carried.end()));
  std::sort(all.begin(), all.end(), [](const Occurrence& a, const Occurrence& b) {
    return a.due != b.due ? a.due < b.due : a.id < b.id;
  });
  return answer;
}

}  // namespace loa::scheduler
