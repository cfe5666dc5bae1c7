#include "controller/api/attempts.hpp"

#include <algorithm>

#include "controller/http/address_key.hpp"

namespace loa::api {

using http::address_key;
using scheduler::Millis;
using scheduler::TimePoint;
using namespace std::chrono_literals;

const Attempts::Pace Attempts::kSlow{kFree, 5min, 15min};
const Attempts::Pace Attempts::kOfAddress{kFreeOfAddress, 5min, 15min};
const Attempts::Pace Attempts::kOfUser{kFreeOfUser, 5min, 60min};
const Attempts::Pace Attempts::kCodes{kFreeCodes, 60min, 24h};

Millis Attempts::Counts::left(const Key& key, TimePoint now) const {
  const auto found = x_counts.find(key);
  if (found == x_counts.end()) return Millis{0};
  const auto& [failures, last] = found->second;
  if (failures < x_pace.free || now - last > x_pace.forget) return Millis{0};
  const auto doublings = std::min(failures - x_pace.free, 12);
  const auto pause = std::min<Millis>(x_pace.longest, std::chrono::seconds(1 << doublings));
  return std::max(Millis{0}, last + pause - now);
}

void Attempts::Counts::add(const Key& key, TimePoint now) {
  make_room(now);
  auto& count = x_counts[key];
  if (now - count.last > x_pace.forget) count.failures = 0;
  ++count.failures;
  count.last = now;
}

void Attempts::Counts::take_back(const Key& key) {
  const auto found = x_counts.find(key);
  if (found != x_counts.end() && --found->second.failures <= 0) x_counts.erase(found);
}

void Attempts::Counts::make_room(TimePoint now) {
  if (x_counts.size() < kMost) return;
  std::erase_if(x_counts, [&](const auto& entry) { return now - entry.second.last > x_pace.forget; });
  if (x_counts.size() < kMost) return;
  x_counts.erase(
      std::min_element(x_counts.begin(), x_counts.end(), [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
}

Millis Attempts::wait(const AttemptTarget& target, const AttemptSource& from, TimePoint now) const {
  if (!from.device.empty()) return x_devices.left({target.name, from.device}, now);
  const auto address = address_key(from.address);
  return std::max({x_places.left({target.name, address}, now), x_addresses.left({"", address}, now), anywhere(target).left({target.name, ""}, now)});
}

void Attempts::failed(const AttemptTarget& target, const AttemptSource& from, TimePoint now) {
  if (!from.device.empty()) return x_devices.add({target.name, from.device}, now);
  const auto address = address_key(from.address);
  x_places.add({target.name, address}, now);
  x_addresses.add({"", address}, now);
  anywhere(target).add({target.name, ""}, now);
}

void Attempts::succeeded(const AttemptTarget& target, const AttemptSource& from) {
  if (!from.device.empty()) return x_devices.forget({target.name, from.device});
  const auto address = address_key(from.address);
  x_places.forget({target.name, address});
  x_addresses.take_back({"", address});
  anywhere(target).take_back({target.name, ""});
}

Millis Attempts::wait_for_code(const std::string& user, const AttemptSource& from, TimePoint now) const {
  return x_codes.left({user, from.device}, now);
}

void Attempts::wrong_code(const std::string& user, const AttemptSource& from, TimePoint now) { x_codes.add({user, from.device}, now); }

void Attempts::right_code(const std::string& user, const AttemptSource& from) { x_codes.forget({user, from.device}); }

}  // namespace loa::api
