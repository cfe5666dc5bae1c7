#include "scheduler/broadcast.hpp"

#include <algorithm>

#include "scheduler/occurrences.hpp"

namespace loa::scheduler {
namespace {

bool holds(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

bool aims_at(const Broadcast& broadcast, const PlanNode& node) {
  if (holds(broadcast.target_nodes, node.code) || holds(broadcast.target_nodes, node.id)) return true;
  return std::any_of(node.areas.begin(), node.areas.end(),
                     [&](const auto& area) { return holds(broadcast.target_areas, area); });
}

Millis duration_of(const std::vector<Item>& items) {
  Millis sum{0};
  for (const Item& item : items) sum += item.duration;
  return sum;
}

bool is_cancelled(const Broadcast& broadcast, const Occurrence& occurrence) {
  if (broadcast.cancelled_from && occurrence.end() > *broadcast.cancelled_from) return true;
  return holds(broadcast.cancelled_occurrences, occurrence.id);
}

Occurrence make_occurrence(const Broadcast& broadcast, TimePoint due) {
  Occurrence o;
  o.id = occurrence_id(broadcast.id, due);
  o.broadcast_id = broadcast.id;
  o.programme_id = broadcast.programme_id;
  o.title = broadcast.title;
  o.legal_field = broadcast.legal_field;
  o.language = broadcast.language;
  o.cls = broadcast.cls;
  o.origin = broadcast.origin;
  o.due = due;
  o.duration = duration_of(broadcast.items);
  o.items = broadcast.items;
  o.substitutes = broadcast.substitutes;
  o.after_interrupt = broadcast.after_interrupt;
  o.late = broadcast.late;
  o.late_limit = broadcast.late_limit;
  o.volume = broadcast.volume;
  return o;
}

BroadcastOccurrences occurrences_of(const Broadcast& broadcast, TimePoint from, TimePoint until,
                                    std::size_t most) {
  const Expansion expansion = expand(broadcast.when, from - duration_of(broadcast.items), until, most);
  BroadcastOccurrences answer{.complete = expansion.complete};
  for (const Resolved& time : expansion.times) {
    Occurrence o = make_occurrence(broadcast, time.before);
    if (o.end() > from && !is_cancelled(broadcast, o)) answer.list.push_back(std::move(o));
  }
  return answer;
}

void sort_by_due(std::vector<Occurrence>& list) {
  std::sort(list.begin(), list.end(), [](const Occurrence& a, const Occurrence& b) {
    return a.due != b.due ? a.due < b.due : a.id < b.id;
  });
  list.erase(std::unique(list.begin(), list.end(),
                         [](const Occurrence& a, const Occurrence& b) { return a.id == b.id; }),
             list.end());
}

}  // namespace loa::scheduler
