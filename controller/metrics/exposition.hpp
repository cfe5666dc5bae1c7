#pragma once
#include <string>
#include <vector>

#include "controller/metrics/family.hpp"

namespace loa::metrics {

/// No family may have more figures than this: labels are words of ours, never names that somebody chose.
inline constexpr std::size_t kMostSamples = 200;
/// The media type of the text.
inline constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

/// The families in Prometheus' text format 0.0.4. Throws std::logic_error where a name is not allowed, a family comes twice, two figures have
/// the same labels, or there are too many of them: a bug of whoever made them.
std::string exposition(const std::vector<Family>& families);

}  // namespace loa::metrics
