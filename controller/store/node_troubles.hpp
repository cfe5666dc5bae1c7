#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/store/alarms.hpp"

namespace loa::store {

/// Alarms of boards' hardware, of one kind, by the boards' own newest states: an amplifier in fault, a battery in place of the mains, a month's
/// data used up. At most `limit`, by node.
std::vector<NewAlarm> silent_amplifiers(Session& session, int limit = kMostOpenAlarms);
std::vector<NewAlarm> nodes_on_battery(Session& session, int limit = kMostOpenAlarms);
std::vector<NewAlarm> nodes_over_budget(Session& session, int limit = kMostOpenAlarms);

}  // namespace loa::store
