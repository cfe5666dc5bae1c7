#include "node-firmware/edge/amplifier_timing.hpp"

#include <algorithm>
#include <utility>

namespace loa::node::edge {

AmplifierTiming::Step AmplifierTiming::at(Monotonic now, const SoundOutlook& outlook) {
  if (outlook.sounding) {
    on_ = sounded_ = true;
    return {true, std::nullopt};
  }
  if (std::exchange(sounded_, false)) last_ = now;
  const auto on_at = outlook.next ? std::optional<Monotonic>(*outlook.next - settings_.on_before) : std::nullopt;
  if (on_at && *on_at <= now) {
    on_ = true;
    return {true, std::nullopt};
  }
  const auto off_at = last_ ? std::max<Monotonic>(*last_ + settings_.off_after, now) : now;
  if (on_ && on_at && *on_at < off_at + settings_.off_after) return {true, std::nullopt};
  if (on_ && off_at > now) return {true, off_at};
  on_ = false;
  last_.reset();
  return {false, on_at};
}

}  // namespace loa::node::edge
