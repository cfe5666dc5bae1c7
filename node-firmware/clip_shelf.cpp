#include "node-firmware/clip_shelf.hpp"

#include <algorithm>
#include <map>

#include "scheduler/playhead.hpp"

namespace loa::node {

using scheduler::Item;
using scheduler::ItemKind;
using scheduler::TimePoint;

namespace {

class Wishes {
 public:
  void add(const std::string& sha256, std::int64_t bytes, TimePoint needed) {
    auto [place, fresh] = clips_.try_emplace(sha256, WantedClip{sha256, bytes, needed});
    if (!fresh) place->second.needed = std::min(place->second.needed, needed);
  }
  void add(const Item& item, TimePoint needed) {
    if (item.kind == ItemKind::clip) add(item.sha256, item.bytes, needed);
  }
  std::vector<WantedClip> by_need() const {
    std::vector<WantedClip> list;
    for (const auto& [sha256, clip] : clips_) list.push_back(clip);
    std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.needed < b.needed; });
    return list;
  }

 private:
  std::map<std::string, WantedClip> clips_;
};

bool is_over(const scheduler::Occurrence& occurrence, TimePoint now, const scheduler::History* history) {
  if (!history) return occurrence.end() <= now;
  const auto* known = history->find(occurrence.id);
  return (known && known->outcome) || scheduler::of_use_until(occurrence) <= now;
}

}  // namespace

std::vector<WantedClip> wanted_clips(const scheduler::Plan* plan, const std::vector<scheduler::Alert>& alerts, TimePoint now,
                                     const scheduler::History* history) {
  Wishes wishes;
  for (const auto& alert : alerts)
    if (alert.clip && alert.expires > now) wishes.add(*alert.clip, TimePoint{});
  if (plan) {
    for (const auto& occurrence : plan->occurrences) {
      if (is_over(occurrence, now, history)) continue;
      for (const auto& item : occurrence.items) wishes.add(item, occurrence.due);
      for (const auto& item : occurrence.substitutes) wishes.add(item, occurrence.due);
    }
    for (const auto& stock : plan->settings.stock) wishes.add(stock.sha256, stock.bytes, std::max<TimePoint>(plan->made, std::chrono::floor<std::chrono::hours>(now) + std::chrono::hours(1)));
  }
  return wishes.by_need();
}

}  // namespace loa::node
