#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace loa::bench {

inline void print_head() { fmt::print("{:<46} {:>6} {:>9} {:>9} {:>9}\n", "ms", "starts", "p50", "p99", "max"); }

/// One row of the absolute values.
inline void print_row(const std::string& name, std::vector<double> values) {
  for (double& value : values) value = std::abs(value);
  std::sort(values.begin(), values.end());
  if (values.empty()) return fmt::print("{:<46} {:>6}\n", name, "none");
  const auto at = [&](double part) { return values[static_cast<std::size_t>(std::lround(part * static_cast<double>(values.size() - 1)))]; };
  fmt::print("{:<46} {:>6} {:>9.3f} {:>9.3f} {:>9.3f}\n", name, values.size(), at(0.5), at(0.99), at(1.0));
}

}  // namespace loa::bench
