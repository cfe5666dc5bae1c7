#pragma once
#include <chrono>
#include <cstdint>
#include <optional>

namespace loa::scheduler {

/// How far ahead a node may fetch clips, by what it has used of its month's data until `today`; nothing: as far as the plan goes. A day's share is the
/// budget's part of the month that has passed, two days more, so that a plan can be fetched on the first. Alerts and stock clips never wait.
///   used up to 80 % of the share      as far as the plan goes
///   above that                        what is due within 24 hours
///   above the whole budget            what is due within 2 hours
/// The node acts by it, and the controller says by it why a node's clips are not all there.
std::optional<std::chrono::hours> fetch_ahead(std::int64_t used, std::int64_t budget, std::chrono::year_month_day today);

}  // namespace loa::scheduler
