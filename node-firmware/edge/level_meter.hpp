#pragma once
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

namespace loa::node::edge {

/// All that a meter has heard since it was made: two totals tell the level between them.
struct HeardTotal {
  double energy = 0;   ///< sum over time of power, 1 being a full-scale square wave, in seconds
  double seconds = 0;  ///< of listening
};

/// RMS in dBFS of what was heard between two totals, not below -120; nothing where less than half a second was.
inline std::optional<double> level_between(const HeardTotal& from, const HeardTotal& to) {
  const double seconds = to.seconds - from.seconds;
  if (seconds < 0.5) return std::nullopt;
  return std::max(-120.0, 10.0 * std::log10((to.energy - from.energy) / seconds + 1e-30));
}

/// An ear at the amplifier's output, such as a line-in behind a divider. Loop thread; no call waits for the device.
class LevelMeter {
 public:
  virtual ~LevelMeter() = default;
  /// Opens or closes the device; asked again for what is so already, it does nothing.
  virtual void listen(bool on) = 0;
  virtual HeardTotal total() const = 0;
  /// Why it hears nothing though it should; empty while all is well. It is tried again at the next listen(true).
  virtual std::string trouble() const = 0;
};

}  // namespace loa::node::edge
