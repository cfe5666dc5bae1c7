#include "controller/api/attempts.hpp"

#include <algorithm>

namespace loa::api {

using scheduler::Millis;
using scheduler::TimePoint;
using namespace std::chrono_literals;

const Attempts::Pace Attempts::kSlow{kFree, 5min, 15min};
const Attempts::Pace Attempts::kOfAddress{kFreeOfAddress, 5min, 15min};
const Attempts::Pace Attempts::kOfUser{kFreeOfUser, 5min, 60min};
const Attempts::Pace Attempts::kCodes{kFreeCodes, 60min, 24h};

Millis Attempts::left(const Counts& counts, const Key& key, TimePoint now) {
  const auto found = counts.find(key);
  if (found == counts.end()) return Millis{0};
  const auto& [failures, last, pace] = found->second;
  if (failures < pace.free || now - last > pace.forget) return Millis{0};
  const auto doublings = std::min(failures - pace.free, 12);
  const auto pause = std::min<Millis>(pace.longest, std::chrono::seconds(1 << doublings));
  return std::max(Millis{0}, last + pause - now);
}

Millis Attempts::wait(const std::string& user, const AttemptSource& from, TimePoint now) const {
  if (!from.device.empty()) return left(x_counts, {user, "device " + from.device}, now);
  return std::max({left(x_counts, {user, from.address}, now), left(x_counts, {"", from.address}, now), left(x_counts, {user, ""}, now)});
}

void Attempts::failed(const std::string& user, const AttemptSource& from, TimePoint now) {
  make_room(x_counts, now);
  if (!from.device.empty()) return add(x_counts, {user, "device " + from.device}, kSlow, now);
  add(x_counts, {user, from.address}, kSlow, now);
  add(x_counts, {"", from.address}, kOfAddress, now);
  add(x_counts, {user, ""}, kOfUser, now);
}

void Attempts::succeeded(const std::string& user, const AttemptSource& from) {
  if (!from.device.empty())
    x_counts.erase({user, "device " + from.device});
  else
    x_counts.erase({user, from.address});
}

Millis Attempts::wait_for_code(const std::string& user, const AttemptSource& from, TimePoint now) const {
  return left(x_codes, {user, from.device}, now);
}

void Attempts::wrong_code(const std::string& user, const AttemptSource& from, TimePoint now) {
  make_room(x_codes, now);
  add(x_codes, {user, from.device}, kCodes, now);
}

void Attempts::right_code(const std::string& user, const AttemptSource& from) { x_codes.erase({user, from.device}); }

void Attempts::add(Counts& counts, Key key, const Pace& pace, TimePoint now) {
  auto& count = counts[std::move(key)];
  if (now - count.last > pace.forget) count.failures = 0;
  ++count.failures;
  count.last = now;
  count.pace = pace;
}

void Attempts::make_room(Counts& counts, TimePoint now) {
  if (counts.size() + 3 <= kMost) return;
  std::erase_if(counts, [now](const auto& entry) { return now - entry.second.last > entry.second.pace.forget; });
  while (counts.size() + 3 > kMost)
    counts.erase(std::min_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
}

}  // namespace loa::api
