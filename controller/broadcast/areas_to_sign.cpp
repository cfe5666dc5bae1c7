#include "controller/broadcast/areas_to_sign.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace loa::broadcast {

std::optional<std::string> AreasToSign::take(TimePoint now) {
  if (!x_at_once.empty()) return std::move(x_at_once.extract(x_at_once.begin()).value());
  for (const auto& [area, failed] : x_failed)
    if (failed.is_due(now)) return area;
  return std::nullopt;
}

bool AreasToSign::failed(const std::string& area, const std::string& why, TimePoint now) {
  auto& failed = x_failed[area];
  const bool news = failed.why != why;
  failed = {now + kRetryAfter, why};
  return news;
}

void AreasToSign::retry() {
  for (const auto& [area, failed] : x_failed) x_at_once.insert(area);
}

bool AreasToSign::is_due(TimePoint now) const {
  return !x_at_once.empty() || std::any_of(x_failed.begin(), x_failed.end(), [now](const auto& one) { return one.second.is_due(now); });
}

std::string AreasToSign::trouble() const {
  if (x_failed.empty()) return {};
  const auto& [area, failed] = *x_failed.begin();
  const auto more = x_failed.size() - 1;
  return fmt::format("the alerts of {}{} are not signed: {}", area, more > 0 ? fmt::format(" and {} more areas", more) : "", failed.why);
}

}  // namespace loa::broadcast
