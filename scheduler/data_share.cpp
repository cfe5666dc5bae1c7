#include "scheduler/data_share.hpp"

#include <algorithm>

namespace loa::scheduler {

using namespace std::chrono_literals;

std::optional<std::chrono::hours> fetch_ahead(std::int64_t used, std::int64_t budget, std::chrono::year_month_day today) {
  if (budget <= 0) return std::nullopt;
  if (used > budget) return 2h;
  const auto days = static_cast<double>(static_cast<unsigned>((today.year() / today.month() / std::chrono::last).day()));
  const double passed = std::min(1.0, (static_cast<unsigned>(today.day()) + 2.0) / days);
  if (static_cast<double>(used) > 0.8 * passed * static_cast<double>(budget)) return 24h;
  return std::nullopt;
}

}  // namespace loa::scheduler
