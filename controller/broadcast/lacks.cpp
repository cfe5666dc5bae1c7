#include "controller/broadcast/lacks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace loa::broadcast {

namespace {

std::int64_t held_alerts(const protocol::State& state, const std::string& area) {
  const auto held = std::find_if(state.areas.begin(), state.areas.end(), [&](const auto& one) { return one.area == area; });
  return held == state.areas.end() ? 0 : held->alert_revision;
}

}  // namespace

std::vector<std::string> lacked_alerts(const KnownNode& known, const Roster& roster) {
  std::vector<std::string> areas;
  if (!known.is_there()) return areas;
  for (const auto& area : known.areas)
    if (held_alerts(*known.state, area) < roster.alert_revision(area)) areas.push_back(area);
  return areas;
}

bool lacks_anything(const KnownNode& known, const Roster& roster) {
  if (!known.is_there()) return false;
  const auto& state = *known.state;
  return !state.controller_heard || state.key_set < roster.key_set || state.plan_held < known.wanted ||
         std::any_of(known.areas.begin(), known.areas.end(), [&](const auto& area) { return held_alerts(state, area) < roster.alert_revision(area); });
}

std::vector<std::string> lacks_of(const KnownNode& known, const Roster& roster) {
  std::vector<std::string> lacks;
  if (!known.is_there()) return lacks;
  const auto& state = *known.state;
  if (!state.controller_heard) lacks.emplace_back("heads");
  if (state.key_set < roster.key_set) lacks.push_back(fmt::format("key set {}", roster.key_set));
  if (state.plan_held < known.wanted) lacks.push_back(fmt::format("plan {}", known.wanted));
  for (const auto& area : lacked_alerts(known, roster)) lacks.push_back(fmt::format("alerts {} of {}", roster.alert_revision(area), area));
  return lacks;
}

}  // namespace loa::broadcast
