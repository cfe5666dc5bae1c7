#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/store/alarms.hpp"

namespace loa::store {

/// Alarms of boards of one kind, by the boards' own newest states: an amplifier in fault, a battery in place of the mains, a month's data used up,
/// a safe mode, a disk that takes nothing. Of every board of which it holds, by node: set_alarms bounds and counts them.
std::vector<NewAlarm> silent_amplifiers(Session& session);
std::vector<NewAlarm> nodes_on_battery(Session& session);
std::vector<NewAlarm> nodes_over_budget(Session& session);
std::vector<NewAlarm> nodes_in_safe_mode(Session& session);
std::vector<NewAlarm> nodes_with_bad_disks(Session& session);

/// Alarms of boards that have records which are not here at `now` (list_lacking_logs): one a board, of its log that lacks most urgently.
std::vector<NewAlarm> nodes_missing_records(Session& session, TimePoint now, int limit = 10'000);

}  // namespace loa::store
