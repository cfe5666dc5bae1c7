#include "node-firmware/stream_watch.hpp"

#include <algorithm>

namespace loa::node {

bool StreamWatch::take(Heard heard, Millis length) {
  nothing_ = heard == Heard::nothing ? nothing_ + length : Millis(0);
  silence_ = heard == Heard::silence ? silence_ + length : Millis(0);
  if (heard == Heard::nothing || silence_ > times_.pause) {
    if (!playable()) steady_ = Millis(0);
  } else {
    steady_ += length;
  }
  switch (health_) {
    case StreamHealth::opening:
    case StreamHealth::good:
      if (nothing_ >= (health_ == StreamHealth::opening ? times_.opening : times_.lost)) return become(StreamHealth::lost);
      if (silence_ >= times_.silent) return become(StreamHealth::silent);
      if (health_ == StreamHealth::opening) return heard == Heard::sound && become(StreamHealth::good);
      if (steady_ >= times_.forgets) falls_ = 0;
      return false;
    case StreamHealth::lost:
    case StreamHealth::silent:
      // It must end in sound: a pause alone is no proof.
      return heard == Heard::sound && steady_ >= wanted_steady() && become(StreamHealth::good);
  }
  return false;
}

bool StreamWatch::become(StreamHealth health) {
  if (health == StreamHealth::lost || health == StreamHealth::silent) ++falls_;
  health_ = health;
  steady_ = Millis(0);
  return true;
}

Millis StreamWatch::wanted_steady() const {
  Millis wanted = times_.steady;
  for (int fall = 1; fall < falls_ && wanted < times_.most_steady; ++fall) wanted *= 2;
  return std::min(wanted, times_.most_steady);
}

}  // namespace loa::node
