#pragma once
#include <string>
#include <vector>

#include "controller/store/areas.hpp"
#include "controller/store/sql.hpp"
#include "scheduler/alert.hpp"
#include "scheduler/plan.hpp"
#include "scheduler/record.hpp"

/// Columns that several tables share: inside the store only.
namespace loa::store::sql {

template <> inline constexpr scheduler::Class kLast<scheduler::Class> = scheduler::Class::emergency;
template <> inline constexpr scheduler::AfterInterrupt kLast<scheduler::AfterInterrupt> = scheduler::AfterInterrupt::drop;
template <> inline constexpr scheduler::LateRule kLast<scheduler::LateRule> = scheduler::LateRule::skip;
template <> inline constexpr scheduler::Outcome kLast<scheduler::Outcome> = scheduler::Outcome::cancelled;
template <> inline constexpr scheduler::LevelKind kLast<scheduler::LevelKind> = scheduler::LevelKind::measured;
template <> inline constexpr scheduler::ClockQuality kLast<scheduler::ClockQuality> = scheduler::ClockQuality::untrusted;
template <> inline constexpr scheduler::AlertMessage kLast<scheduler::AlertMessage> = scheduler::AlertMessage::cancel;
template <> inline constexpr scheduler::AlertStatus kLast<scheduler::AlertStatus> = scheduler::AlertStatus::test;

/// A list of words without separators in them, as one text.
void words(Columns& c, const char* name, std::vector<std::string>& list, char separator = ' ');
/// origin_system, origin_id, origin_revision: all null where there is no origin.
void origin_columns(Columns& c, std::optional<scheduler::Origin>& origin);
/// mute, volume, alert_volume, volume_by_hour, stand_in.
void settings_columns(Columns& c, OwnSettings& settings);
/// self_approval, windows, max_session_minutes, max_sessions_a_day, session_gap_minutes.
void policy_columns(Columns& c, AreaPolicy& policy);

}  // namespace loa::store::sql
