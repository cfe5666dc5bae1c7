#include "node-firmware/awaited_alerts.hpp"

#include <algorithm>

namespace loa::node {

void AwaitedAlerts::named(const std::string& area, std::int64_t named, std::int64_t held, Monotonic now) {
  if (named <= held) return forget(area);
  const auto [one, fresh] = awaited_.try_emplace(area);
  if (fresh) {
    one->second.ask = now + kFirstAsk;
    one->second.deadline = now + kPatience;
  }
  // A still higher number does not lengthen the wait: whoever withholds could else lengthen it for ever.
  one->second.revision = std::max(one->second.revision, named);
}

void AwaitedAlerts::resume(Monotonic now) {
  if (!paused_) return;
  for (auto& [area, one] : awaited_) {
    one.deadline += now - *paused_;
    one.ask = now + kFirstAsk;  // the session itself asks for everything once
    one.pause = kFirstAsk;
  }
  paused_.reset();
}

std::vector<std::string> AwaitedAlerts::to_ask(Monotonic now) {
  std::vector<std::string> areas;
  if (paused_) return areas;
  for (auto& [area, one] : awaited_) {
    if (now < one.ask) continue;
    areas.push_back(area);
    one.pause = std::min<std::chrono::nanoseconds>(one.pause * 2, kLongestPause);
    one.ask = now + one.pause;
  }
  return areas;
}

std::map<std::string, std::int64_t> AwaitedAlerts::overdue(Monotonic now) {
  std::map<std::string, std::int64_t> areas;
  if (paused_) return areas;
  for (auto& [area, one] : awaited_) {
    if (one.told || now < one.deadline) continue;
    one.told = true;
    areas.emplace(area, one.revision);
  }
  return areas;
}

std::optional<Monotonic> AwaitedAlerts::next() const {
  std::optional<Monotonic> next;
  if (paused_) return next;
  for (const auto& [area, one] : awaited_) {
    const auto due = one.told ? one.ask : std::min(one.ask, one.deadline);
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

}  // namespace loa::node
