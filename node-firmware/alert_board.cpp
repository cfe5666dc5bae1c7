#include "node-firmware/alert_board.hpp"

#include <algorithm>

namespace loa::node {

AlertBoard::Verdict AlertBoard::judge(const scheduler::AlertSnapshot& snapshot, bool retained, bool head_heard,
                                      std::int64_t highest) const {
  const auto held = posted_.find(snapshot.area);
  if (held != posted_.end() && held->second.snapshot.revision == snapshot.revision) return Verdict::same;
  if (snapshot.revision < highest) return Verdict::old;
  return retained && !head_heard ? Verdict::wait : Verdict::take;
}

void AlertBoard::post(PostedSnapshot posted) {
  const auto area = posted.snapshot.area;
  waiting_.erase(area);
  posted_[area] = std::move(posted);
}

void AlertBoard::put_aside(PostedSnapshot posted, Monotonic deadline) {
  const auto area = posted.snapshot.area;
  const auto before = waiting_.find(area);
  if (before != waiting_.end()) {
    if (before->second.posted.snapshot.revision >= posted.snapshot.revision) return;
    deadline = before->second.deadline;
  }
  waiting_[area] = {std::move(posted), deadline};
}

std::vector<PostedSnapshot> AlertBoard::waited(Monotonic now, bool head_came) {
  std::vector<PostedSnapshot> out;
  for (auto entry = waiting_.begin(); entry != waiting_.end();) {
    if (!head_came && entry->second.deadline > now) {
      ++entry;
      continue;
    }
    out.push_back(std::move(entry->second.posted));
    entry = waiting_.erase(entry);
  }
  return out;
}

std::optional<Monotonic> AlertBoard::next_deadline() const {
  std::optional<Monotonic> next;
  for (const auto& [area, waiting] : waiting_) next = next ? std::min(*next, waiting.deadline) : waiting.deadline;
  return next;
}

std::vector<scheduler::Alert> AlertBoard::remove(const std::string& area) {
  waiting_.erase(area);
  const auto held = posted_.find(area);
  if (held == posted_.end()) return {};
  auto alerts = std::move(held->second.snapshot.alerts);
  posted_.erase(held);
  return alerts;
}

std::int64_t AlertBoard::revision(const std::string& area) const {
  const auto held = posted_.find(area);
  return held == posted_.end() ? 0 : held->second.snapshot.revision;
}

std::vector<scheduler::Alert> AlertBoard::alerts(bool clock_trusted) const {
  std::vector<scheduler::Alert> all;
  for (const auto& [area, posted] : posted_)
    if (clock_trusted || posted.newest) all.insert(all.end(), posted.snapshot.alerts.begin(), posted.snapshot.alerts.end());
  return all;
}

}  // namespace loa::node
