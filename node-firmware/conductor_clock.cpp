#include <spdlog/spdlog.h>

#include <utility>

#include "node-firmware/conductor.hpp"

namespace loa::node {

using scheduler::Sounding;
using scheduler::TimePoint;

// A correction of the clock must not touch what already sounds: its place moves along. What is to begin is told its new time.
void Conductor::follow_clock(TimePoint now) {
  const auto epoch = parts_.clock.monotonic_at(TimePoint{});
  const auto step = epoch_ ? std::chrono::round<Millis>(*epoch_ - epoch) : Millis(0);
  const bool trusted = std::exchange(trusted_before_, parts_.clock.trusted());
  if (!epoch_) epoch_ = epoch;
  if (step == Millis(0)) return;
  epoch_ = epoch;
  spdlog::info("the clock was set by {} ms", step.count());
  shift_voices(step);
  auto& history = parts_.history.history();
  if (trusted)
    scheduler::step_clock(history, plan(), now - step, step);
  else
    scheduler::shift_clock(history, step);  // it was nobody's time
}

void Conductor::shift_voices(Millis step) {
  const auto shift = [&](Sounding& what) {
    const auto* known = parts_.history.history().find(what.occurrence_id);
    if (!known || !known->open()) return;
    what.started += step;
    what.until += step;
  };
  for (auto& [track, voice] : voices_) shift(voice.what);
  if (now_) shift(*now_);
}

}  // namespace loa::node
