#pragma once
#include <string>
#include <utility>
#include <vector>

namespace loa::metrics {

/// A counter only rises while its source lives; a gauge goes up and down.
enum class Kind { counter, gauge };

using Labels = std::vector<std::pair<std::string, std::string>>;

/// One figure of a family; no two of one family have the same labels.
struct Sample {
  Labels labels;
  double value = 0;
};

/// Figures that share a name, a meaning and their labels' names. A counter's name ends in `_total`; units are base units and stand in the
/// name (`_seconds`, `_bytes`); see prometheus.io, "Metric and label naming".
struct Family {
  std::string name;
  std::string help;  ///< one English sentence
  Kind kind = Kind::gauge;
  std::vector<Sample> samples;  ///< none: the family is left out
};

}  // namespace loa::metrics
