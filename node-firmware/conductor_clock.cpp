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
  const bool trusted = parts_.clock.trusted();
  const bool trusted_before = std::exchange(trusted_before_, trusted);
  if (!epoch_) epoch_ = epoch;
  if (trusted_before && !trusted) guess_from_now_on();
  if (step != Millis(0)) {
    epoch_ = epoch;
    spdlog::info("the clock was set by {} ms", step.count());
    shift_voices(step);
    auto& history = parts_.history.history();
    if (trusted_before)
      scheduler::step_clock(history, plan(), now - step, step);
    else  // it was nobody's time: only what this run has put into it moves
      for (const auto& id : guessed_)
        if (const auto known = history.occurrences.find(id); known != history.occurrences.end()) scheduler::shift_clock(known->second, step);
  }
  if (trusted) guessed_.clear();
}

void Conductor::guess_from_now_on() {
  for (const auto& [id, known] : parts_.history.history().occurrences)
    if (known.open() && known.anchor) guessed_.insert(id);
}

// What an earlier run left sounding stands in a time that was known: without one nothing can be said of it yet, and it waits as it is.
void Conductor::apply(const scheduler::Decision& decision, TimePoint now) {
  auto& history = parts_.history.history();
  if (parts_.clock.trusted()) return scheduler::apply(history, decision, now);
  decltype(history.occurrences) aside;
  for (auto entry = history.occurrences.begin(); entry != history.occurrences.end();) {
    const auto here = entry++;
    if (!guessed_.contains(here->first) && !is_of_alert(here->first)) aside.insert(history.occurrences.extract(here));
  }
  scheduler::apply(history, decision, now);
  history.occurrences.merge(aside);
  if (decision.sounding) guessed_.insert(decision.sounding->occurrence_id);
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
