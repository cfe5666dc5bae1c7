#include <algorithm>
#include <cmath>

#include "node-firmware/conductor.hpp"
#include "node-firmware/record_maker.hpp"

// What the conductor has to do with the hardware at the edge of the node: it tells it of sound beforehand, and asks what came out.

namespace loa::node {

void Conductor::test(scheduler::Occurrence test) {
  parts_.history.begin_draft(test.id, draft_of(test));
  test_ = std::move(test);
  outlook_.sounding = true;
}

// Before the player is told: a relay needs its time, and what is due at once finds it already on the way.
void Conductor::look_ahead(const scheduler::Decision& decision) {
  outlook_ = {};
  outlook_.sounding = test_.has_value() || decision.sounding.has_value() ||
                      std::any_of(voices_.begin(), voices_.end(), [this](const auto& entry) { return entry.first != next_track_; });
  if (decision.next) outlook_.next = parts_.clock.monotonic_at(decision.next->begins());
  if (parts_.gate) gate_wake_ = parts_.gate->expect(parts_.clock.monotonic(), outlook_);
}

void Conductor::measure(const Voice& voice, const TrackEnded& ended) {
  if (!parts_.gate) return;
  const auto measured = parts_.gate->ended(parts_.clock.monotonic(), ended.track, ended.level_dbfs);
  const auto& id = voice.what.occurrence_id;
  auto* record = parts_.history.draft(id);
  if (!record || !measured.measured) return;
  record->level_kind = scheduler::LevelKind::measured;
  if (ended.heard.count() <= 0) return;
  auto& audible = audible_[id];
  audible = audible || !measured.silent;
  if (!measured.dbfs) return;
  // The mean power of all its tracks, as long as each was heard.
  const auto power = [](double db) { return std::pow(10.0, db / 10.0); };
  const auto heard = static_cast<double>(ended.heard.count());
  const auto before = std::max(0.0, static_cast<double>(record->heard_ms) - heard);
  const double sum = (record->amplifier_dbfs ? power(*record->amplifier_dbfs) * before : 0) + power(*measured.dbfs) * heard;
  record->amplifier_dbfs = std::max(-120.0, 10.0 * std::log10(sum / (record->amplifier_dbfs ? before + heard : heard)));
}

}  // namespace loa::node
