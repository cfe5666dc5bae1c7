#include "controller/broadcast/signer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/envelope.hpp"
#include "protocol/packet.hpp"

namespace loa::broadcast {

using protocol::Refusal;
using protocol::RefusalCode;

namespace {

bool holds(const std::vector<std::string>& areas, const std::string& area) {
  return std::find(areas.begin(), areas.end(), area) != areas.end();
}

}  // namespace

Signer::Signer(std::shared_ptr<const ControllerKeys> keys, const protocol::Clock& clock)
    : x_clock(clock), x_keys(std::move(keys)) {}

protocol::Result<TimePoint> Signer::time() const {
  const auto now = x_clock.now();
  const std::lock_guard lock(x_mutex);
  if (now + kClockTolerance < x_newest)
    return Refusal{RefusalCode::stale, "/clock",
                   fmt::format("the clock says {} but {} was signed already: nothing is signed until it is right",
                               scheduler::to_rfc3339(now), scheduler::to_rfc3339(x_newest))};
  return now;
}

protocol::Result<const authority::WorkingKey*> Signer::find(const ControllerKeys& keys, protocol::MessageType type,
                                                 const std::vector<std::string>& areas) const {
  const auto now = x_clock.now();
  bool out_of_dates = false;
  const authority::WorkingKey* newest = nullptr;
  TimePoint newest_from;
  for (const auto& listed : keys.key_set.keys) {
    if (listed.revoked || !holds(areas, listed.branch)) continue;
    if (std::find(listed.may_sign.begin(), listed.may_sign.end(), type) == listed.may_sign.end()) continue;
    if (now < listed.not_before || now > listed.not_after) {
      out_of_dates = true;
      continue;
    }
    if (newest && listed.not_before <= newest_from) continue;
    for (const auto& own : keys.working) {
      if (own.kid != listed.kid) continue;
      newest = &own;
      newest_from = listed.not_before;
    }
  }
  if (newest) return newest;
  return Refusal{out_of_dates ? RefusalCode::key_dates : RefusalCode::key_not_allowed, "/keys",
                 fmt::format("no working key may sign {} for {} now", protocol::name_of(type),
                             areas.empty() ? "no area" : areas.back())};
}

protocol::Result<std::string> Signer::kid_for(protocol::MessageType type, const std::vector<std::string>& areas) const {
  const auto held = keys();
  const auto key = find(*held, type, areas);
  if (!key) return key.error();
  return (*key)->kid;
}

protocol::Result<std::string> Signer::sign(protocol::MessageType type, const std::vector<std::string>& areas,
                                           std::string_view json, TimePoint issued) {
  const auto held = keys();
  const auto key = find(*held, type, areas);
  if (!key) return key.error();
  note(issued);
  return protocol::sign(type, (*key)->kid, json, (*key)->key);
}

protocol::Result<std::string> Signer::sign_plan(const std::vector<std::string>& areas, std::string_view json,
                                                TimePoint issued) {
  const auto held = keys();
  const auto key = find(*held, protocol::MessageType::plan, areas);
  if (!key) return key.error();
  note(issued);
  return protocol::pack_plan(json, (*key)->kid, (*key)->key);
}

void Signer::note(TimePoint issued) {
  const std::lock_guard lock(x_mutex);
  x_newest = std::max(x_newest, issued);
}

TimePoint Signer::newest() const {
  const std::lock_guard lock(x_mutex);
  return x_newest;
}

std::shared_ptr<const ControllerKeys> Signer::keys() const {
  const std::lock_guard lock(x_mutex);
  return x_keys;
}

void Signer::set_keys(std::shared_ptr<const ControllerKeys> keys) {
  const std::lock_guard lock(x_mutex);
  x_keys = std::move(keys);
}

}  // namespace loa::broadcast
