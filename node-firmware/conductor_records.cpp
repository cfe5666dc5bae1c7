#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "node-firmware/conductor.hpp"
#include "node-firmware/record_maker.hpp"
#include "scheduler/succession.hpp"

namespace loa::node {

using namespace std::chrono_literals;
using scheduler::Ended;
using scheduler::ItemKind;
using scheduler::Outcome;
using scheduler::Sounding;

namespace {

constexpr auto kClosingLimit = 3s;
constexpr auto kBrokenFor = 10min;
constexpr auto kDeviceAgain = 2s;  // a device that was pulled out may be back at once
constexpr auto kReadAgain = 2s;    // the disk is not the clip

}  // namespace

void Conductor::cancel(const std::string& occurrence_id, const std::string& alert_id, const std::string& reason) {
  const Ended ended{occurrence_id, alert_id, scheduler::Outcome::cancelled, reason, ""};
  scheduler::note(parts_.history.history(), ended);
  close(ended);
}

void Conductor::close(const Ended& ended) {
  const bool sounds = has_voice(ended.occurrence_id);
  if (!sounds) return finish(ended);
  closing_[ended.occurrence_id] = {ended, parts_.clock.monotonic() + kClosingLimit};
}

std::string Conductor::fault_of(const Ended& ended) const {
  if (const auto found = faults_.find(ended.occurrence_id); found != faults_.end()) return found->second;
  for (const auto& alert : alerts_)
    if (alert.id == ended.alert_id && alert.clip) return parts_.shelf.reason(alert.clip->sha256);
  const auto* held = plan();
  if (!held) return {};
  for (const auto& occurrence : held->occurrences) {
    if (occurrence.id != ended.occurrence_id) continue;
    for (const auto& item : occurrence.items) {
      if (item.kind == ItemKind::stream) return lost_reason(item.url);
      if (auto reason = parts_.shelf.reason(item.sha256); !reason.empty()) return reason;
    }
  }
  return {};
}

void Conductor::finish(const Ended& ended) {
  auto* kept = parts_.history.draft(ended.occurrence_id);
  auto record = kept ? *kept : draft_for(ended.occurrence_id, ended.alert_id, plan(), alerts_);
  record = final_record(std::move(record), ended, parts_.history.history().find(ended.occurrence_id), fault_of(ended));
  if (test_ && test_->id == ended.occurrence_id) test_.reset();
  // A stream that sounded before it fell silent was lost; silent is what never sounded.
  if (record.outcome == scheduler::Outcome::partial && record.reason == "silent") record.reason = "stream_lost";
  const bool claims = record.outcome == Outcome::played || record.outcome == Outcome::partial;
  if (const auto measured = audible_.extract(ended.occurrence_id); measured && !measured.mapped() && claims) {
    record.outcome = Outcome::failed;  // it was sent, and nobody heard it
    record.reason = "silent";
  }
  const auto due = parts_.clock.monotonic_at(record.due);
  if (record.reason == "missed" && due >= began_ && trusted_since_ && due <= *trusted_since_) record.reason = "no_clock";
  record.clock = parts_.clock.quality();
  if (const auto bound = parts_.clock.bound()) record.clock_bound_ms = bound->count();
  record.recorded = parts_.clock.now();
  closing_.erase(ended.occurrence_id);
  faults_.erase(ended.occurrence_id);
  // The outcome and its record are one write, by the save() that follows: after a crash there are both or neither.
  scheduler::note(parts_.history.history(), ended);
  parts_.records.take(std::move(record));
}

void Conductor::skip_forgotten(scheduler::TimePoint now) {
  if (!history_lost_) return;
  const auto skip = [this](const std::string& id, const std::string& alert_id) {
    if (parts_.history.history().find(id)) return;
    const Ended ended{id, alert_id, scheduler::Outcome::skipped, "history_lost", ""};
    scheduler::note(parts_.history.history(), ended);
    close(ended);
  };
  if (!std::exchange(alerts_forgotten_, true))
    for (const auto& alert : alerts_) {  // those kept on disk: they have begun to sound before they were kept
      if (alert.message == scheduler::AlertMessage::cancel) continue;
      skip(scheduler::alert_occurrence_id(alert, 1), alert.id);
      if (!parts_.clock.trusted() || alert.repeat_every <= Millis(0) || now < alert.sent) continue;
      const auto due = static_cast<int>((now - alert.sent) / alert.repeat_every) + 1;
      if (alert.repeats == 0 || due <= alert.repeats) skip(scheduler::alert_occurrence_id(alert, due), alert.id);
    }
  if (!forgotten_until_ && parts_.clock.trusted()) forgotten_until_ = now;
  if (!forgotten_until_ || !plan_) return;
  for (const auto& occurrence : plan_->occurrences)
    if (occurrence.due <= *forgotten_until_) skip(occurrence.id, "");
  parts_.history.settle();
}

void Conductor::finish_overdue() {
  const auto now = parts_.clock.monotonic();
  std::vector<Ended> overdue;
  for (const auto& [id, closing] : closing_)
    if (closing.deadline <= now || !has_voice(id)) overdue.push_back(closing.ended);
  for (const auto& ended : overdue) {
    for (const auto& [track, voice] : voices_)
      if (voice.what.occurrence_id == ended.occurrence_id) parts_.player.stop(track);
    std::erase_if(voices_, [&](const auto& entry) { return entry.second.what.occurrence_id == ended.occurrence_id; });
    finish(ended);
  }
}

scheduler::PlayRecord& Conductor::draft(const Sounding& what) {
  if (auto* kept = parts_.history.draft(what.occurrence_id)) return *kept;
  return parts_.history.begin_draft(what.occurrence_id, draft_for(what.occurrence_id, what.alert_id, plan(), alerts_));
}

void Conductor::on_started(const TrackStarted& started) {
  const auto found = voices_.find(started.track);
  if (found == voices_.end()) return;
  auto& voice = found->second;
  voice.first_sample = started.at;
  if (parts_.gate) parts_.gate->began(parts_.clock.monotonic(), started.track);
  auto& record = draft(voice.what);
  const bool first = !record.started;
  if (first) {
    const auto late = std::chrono::duration_cast<std::chrono::microseconds>(started.at.time_since_epoch() -
                                                                            parts_.clock.monotonic_at(record.due));
    record.started = record.due + std::chrono::floor<Millis>(late);
    record.start_error_us = late.count();
  }
  if (first && !record.alert_id.empty()) record.planned_ms = 0;  // of an alert what sounds of it is what was planned
  // A relay has none: the clip is then what first stood in for it.
  if (first || !record.alert_id.empty() || record.clip_sha256.empty()) record.clip_sha256 = voice.what.item.sha256;
  if (!record.alert_id.empty()) record.planned_ms += voice.what.item.duration.count();
  changed_();
}

void Conductor::credit(Voice& voice, std::int64_t heard_ms, std::optional<double> level) {
  if (auto* record = parts_.history.draft(voice.what.occurrence_id))
    add_heard(*record, voice.credited_ms, heard_ms, level);
  voice.credited_ms = heard_ms;
}

void Conductor::credit_running() {
  const auto now = SteadyTime{parts_.clock.monotonic()};
  for (auto& [track, voice] : voices_)
    if (voice.first_sample)
      credit(voice, std::chrono::duration_cast<Millis>(now - *voice.first_sample).count(), std::nullopt);
}

void Conductor::on_ended(const TrackEnded& ended) {
  const auto found = voices_.find(ended.track);
  if (found == voices_.end()) return;
  auto& voice = found->second;
  const auto what = voice.what;
  if (ended.heard.count() > 0 || voice.first_sample) credit(voice, ended.heard.count(), ended.level_dbfs);
  measure(voice, ended);
  if (ended.level_dbfs) last_level_ = ended.level_dbfs;
  auto& occurrences = parts_.history.history().occurrences;
  if (const auto known = occurrences.find(what.occurrence_id); known != occurrences.end() && known->second.interrupted)
    known->second.heard = voice.occurrence_offset + ended.heard;
  voices_.erase(found);
  if (ended.track == now_track_) now_track_ = 0;
  if (ended.track == next_track_) next_track_ = 0;
  if (ended.how == TrackEnd::failed) {
    const bool stream = what.item.kind == ItemKind::stream;
    const auto& key = stream ? what.item.url : what.item.sha256;
    spdlog::warn("{}: {} {}: {}", what.occurrence_id, stream ? key : "clip " + key.substr(0, 12), ended.reason, ended.detail);
    rest(key, ended);
    faults_[what.occurrence_id] = ended.reason;
    if (now_ && same_item(*now_, what)) now_.reset();
  }
  if (const auto closing = closing_.find(what.occurrence_id); closing != closing_.end() && !has_voice(what.occurrence_id))
    finish(Ended(closing->second.ended));
  changed_();
}

/// Until when what failed is not tried again.
void Conductor::rest(const std::string& key, const TrackEnded& ended) {
  const auto now = parts_.clock.monotonic();
  switch (ended.fault) {
    case TrackFault::clip: broken_[key] = now + kBrokenFor; return;
    case TrackFault::file:
      // What has begun keeps its place for one more try; else whatever can stand in for it does.
      (ended.heard > Millis(0) ? resting_ : broken_)[key] = now + kReadAgain;
      parts_.shelf.could_not_read(key, ended.detail);
      return;
    case TrackFault::device: device_again_ = now + kDeviceAgain; return;
    case TrackFault::behind: return;
  }
}

bool Conductor::rests(const Sounding& what) const {
  return parts_.clock.monotonic() < device_again_ || resting_.contains(what.item.sha256);
}

bool Conductor::has_voice(const std::string& occurrence_id) const {
  return std::any_of(voices_.begin(), voices_.end(), [&](const auto& entry) {
    return entry.second.what.occurrence_id == occurrence_id && entry.first != next_track_;
  });
}

void Conductor::save(bool all) {
  std::set<std::string> held_back;
  for (const auto& [id, closing] : closing_) held_back.insert(id);
  parts_.records.save(parts_.clock.now(), held_back, all);
}

void Conductor::pause_for_exit() {
  hurry_until_ = {};
  credit_running();
  for (const auto& [track, voice] : voices_) parts_.player.stop(track);
  // What was ended must not come back with the next run, even where the player still owes its last word.
  while (!closing_.empty()) finish(Ended(closing_.begin()->second.ended));
  save(true);
}

}  // namespace loa::node
