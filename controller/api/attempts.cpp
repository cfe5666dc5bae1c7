#include "controller/api/attempts.hpp"

#include <algorithm>

namespace loa::api {

using scheduler::Millis;
using scheduler::TimePoint;

namespace {
constexpr Millis kForget = std::chrono::minutes(15);
constexpr Millis kLongest = std::chrono::minutes(5);
}  // namespace

Millis Attempts::left(const Count& count, int free, TimePoint now) {
  if (count.failures < free || now - count.last > kForget) return Millis{0};
  const auto doublings = std::min(count.failures - free, 9);
  const auto pause = std::min<Millis>(kLongest, std::chrono::seconds(1 << doublings));
  return std::max(Millis{0}, count.last + pause - now);
}

Millis Attempts::wait(const std::string& user, const std::string& address, TimePoint now) const {
  Millis longest{0};
  if (const auto found = x_counts.find({user, address}); found != x_counts.end())
    longest = std::max(longest, left(found->second, kFree, now));
  if (const auto found = x_counts.find({"", address}); found != x_counts.end())
    longest = std::max(longest, left(found->second, kFreeOfAddress, now));
  return longest;
}

void Attempts::failed(const std::string& user, const std::string& address, TimePoint now) {
  make_room(now);
  add({user, address}, now);
  add({"", address}, now);
}

void Attempts::succeeded(const std::string& user, const std::string& address) { x_counts.erase({user, address}); }

void Attempts::add(const Key& key, TimePoint now) {
  auto& count = x_counts[key];
  if (now - count.last > kForget) count.failures = 0;
  ++count.failures;
  count.last = now;
}

void Attempts::make_room(TimePoint now) {
  if (x_counts.size() + 2 <= kMost) return;
  std::erase_if(x_counts, [now](const auto& entry) { return now - entry.second.last > kForget; });
  while (x_counts.size() + 2 > kMost)
    x_counts.erase(std::min_element(x_counts.begin(), x_counts.end(),
                                    [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
}

}  // namespace loa::api
