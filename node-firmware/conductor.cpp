#include "node-firmware/conductor.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "node-firmware/record_maker.hpp"
#include "scheduler/succession.hpp"

namespace loa::node {

using namespace std::chrono_literals;
using scheduler::Decision;
using scheduler::Ended;
using scheduler::Item;
using scheduler::ItemKind;
using scheduler::Outcome;
using scheduler::Sounding;
using scheduler::TimePoint;

namespace {

constexpr auto kPrerollAhead = 8000ms;
constexpr auto kArmAhead = 700ms;
constexpr auto kJoinLead = 200ms;       // time to open and seek, so that a late start is at the right place
constexpr auto kSamePlace = 250ms;
constexpr auto kRunsOut = 100ms;        // a track this near its end is left to finish by itself
constexpr auto kClosingLimit = 3s;
constexpr auto kProgressEvery = 5s;
constexpr auto kBrokenFor = 10min;
constexpr auto kLongestSleep = 60s;

bool same_item(const Sounding& a, const Sounding& b) {
  return a.occurrence_id == b.occurrence_id && a.item_index == b.item_index && a.substitute == b.substitute &&
         a.item.kind == b.item.kind && a.item.sha256 == b.item.sha256;
}

bool same_place(const Sounding& a, const Sounding& b) {
  return same_item(a, b) && std::chrono::abs(a.started - b.started) <= kSamePlace;
}

}  // namespace

Conductor::Conductor(Parts parts, std::function<void()> changed) : parts_(parts), changed_(std::move(changed)) {}

void Conductor::set_plan(std::optional<scheduler::Plan> plan) { plan_ = std::move(plan); }

void Conductor::take_plan(scheduler::Plan next) {
  run();  // what is over by the old plan has its outcome before the new one is asked
  const auto now = parts_.clock.now();
  auto& history = parts_.history.history();
  auto succession = scheduler::succeed(plan(), std::move(next), history, now);
  for (const auto& ended : succession.ended) {
    scheduler::note(history, ended);
    close(ended);
  }
  plan_ = std::move(succession.plan);
  run();
}

void Conductor::cancel_alerts(const std::vector<scheduler::Alert>& alerts, const std::string& reason) {
  auto& history = parts_.history.history();
  for (const auto& alert : alerts)
    for (int repeat = 1; repeat <= std::min(alert.repeats, scheduler::kMaxRepeats); ++repeat) {
      const auto id = scheduler::alert_occurrence_id(alert, repeat);
      const auto* known = history.find(id);
      if (!known || !known->open()) continue;
      const Ended ended{id, alert.id, Outcome::cancelled, reason, ""};
      scheduler::note(history, ended);
      close(ended);
    }
}

bool Conductor::stop(const std::string& occurrence_id) {
  auto& history = parts_.history.history();
  const auto id = !occurrence_id.empty() ? occurrence_id : now_ ? now_->occurrence_id : std::string();
  const auto* known = history.find(id);
  if (id.empty() || !known || !known->open()) return false;
  const auto* kept = parts_.history.draft(id);
  const Ended ended{id, kept ? kept->alert_id : "", Outcome::cancelled, "stopped", ""};
  scheduler::note(history, ended);
  close(ended);
  run();
  return true;
}

Monotonic Conductor::run() {
  const auto now = parts_.clock.now();
  finish_overdue();
  refresh_playable();
  const auto decision = decide(now);
  for (const auto& ended : decision.ended) close(ended);
  scheduler::apply(parts_.history.history(), decision, now);
  steer(decision.sounding, now);
  preroll(decision.next, now);
  if (parts_.clock.monotonic() >= next_progress_) {
    credit_running();
    next_progress_ = parts_.clock.monotonic() + kProgressEvery;
  }
  save();
  return next_wake(decision);
}

// Without a trusted clock no schedule sounds, but settings (mute!) hold, and an alert sounds once.
Decision Conductor::decide(TimePoint now) {
  const auto& history = parts_.history.history();
  const auto& shipped = parts_.shelf.shipped();
  if (parts_.clock.trusted()) return scheduler::at(plan(), alerts_, history, now, shipped);
  auto quiet = plan_;
  if (quiet) quiet->occurrences.clear();
  auto once = alerts_;
  for (auto& alert : once) alert.repeats = 1;
  auto of_alerts = history;
  std::erase_if(of_alerts.occurrences, [this](const auto& entry) {
    return std::none_of(alerts_.begin(), alerts_.end(), [&entry](const auto& alert) {
      return entry.first.starts_with(alert.id + ".");
    });
  });
  return scheduler::at(quiet ? &*quiet : nullptr, once, of_alerts, now, shipped);
}

void Conductor::refresh_playable() {
  auto& playable = parts_.history.history().playable;
  playable.clear();
  const auto now = parts_.clock.monotonic();
  std::erase_if(broken_, [now](const auto& entry) { return entry.second <= now; });
  const auto ask = [&](const std::string& sha256) {
    if (sha256.empty() || playable.contains(sha256)) return;
    playable[sha256] = !broken_.contains(sha256) && parts_.shelf.find(sha256).has_value();
  };
  for (const auto& clip : wanted_clips(plan(), alerts_, parts_.clock.now() - scheduler::kComeBack)) ask(clip.sha256);
  for (const auto& stock : parts_.shelf.shipped()) ask(stock.sha256);
}

void Conductor::close(const Ended& ended) {
  const bool sounds = has_voice(ended.occurrence_id);
  if (!sounds) return finish(ended);
  closing_[ended.occurrence_id] = {ended, parts_.clock.monotonic() + kClosingLimit};
}

std::string Conductor::fault_of(const Ended& ended) const {
  if (const auto found = faults_.find(ended.occurrence_id); found != faults_.end()) return found->second;
  const auto* held = plan();
  if (!held) return {};
  for (const auto& occurrence : held->occurrences) {
    if (occurrence.id != ended.occurrence_id) continue;
    for (const auto& item : occurrence.items) {
      if (item.kind == ItemKind::stream) return "unsupported";
      if (auto reason = parts_.shelf.reason(item.sha256); !reason.empty()) return reason;
    }
  }
  return {};
}

void Conductor::finish(const Ended& ended) {
  auto* kept = parts_.history.draft(ended.occurrence_id);
  auto record = kept ? *kept : draft_for(ended.occurrence_id, ended.alert_id, plan(), alerts_);
  record = final_record(std::move(record), ended, parts_.history.history().find(ended.occurrence_id), fault_of(ended));
  record.clock = parts_.clock.quality();
  record.recorded = parts_.clock.now();
  closing_.erase(ended.occurrence_id);
  faults_.erase(ended.occurrence_id);
  // The outcome and its record are one write: after a crash there are both or neither.
  scheduler::note(parts_.history.history(), ended);
  Transaction transaction(parts_.database);
  const auto written = parts_.log.append(record);
  std::set<std::string> held_back;
  for (const auto& [id, closing] : closing_) held_back.insert(id);
  parts_.history.save(record.recorded, held_back);
  transaction.commit();
  if (written)
    spdlog::info("{}: {} {} {}/{} ms", written->occurrence_id, scheduler::name_of(written->outcome), written->reason,
                 written->heard_ms, written->planned_ms);
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

void Conductor::steer(const std::optional<Sounding>& sounding, TimePoint now) {
  if (now_ && sounding && same_item(*now_, *sounding)) {
    if (now_->volume != sounding->volume && now_track_ != 0) parts_.player.set_volume(now_track_, sounding->volume);
    now_ = sounding;
    if (auto* kept = parts_.history.draft(sounding->occurrence_id)) kept->volume = sounding->volume;
    return;
  }
  release_current();
  if (sounding) begin(*sounding, now);
}

void Conductor::release_current() {
  if (now_track_ != 0) {
    const bool runs_out = now_->until - parts_.clock.now() <= kRunsOut;
    const auto closing = closing_.find(now_->occurrence_id);
    const bool cut = closing != closing_.end() && closing->second.ended.outcome != Outcome::played;
    if (!runs_out || cut) parts_.player.stop(now_track_);
  }
  now_.reset();
  now_track_ = 0;
}

scheduler::PlayRecord& Conductor::draft(const Sounding& what) {
  if (auto* kept = parts_.history.draft(what.occurrence_id)) return *kept;
  return parts_.history.begin_draft(what.occurrence_id, draft_for(what.occurrence_id, what.alert_id, plan(), alerts_));
}

TrackId Conductor::prepare(const Sounding& what, Millis offset) {
  const auto file = parts_.shelf.find(what.item.sha256);
  if (!file) return 0;
  Track track;
  track.id = ++last_track_;
  track.file = *file;
  track.offset = offset;
  // Only a stand-in may be longer than its place; the clip itself ends where the plan says.
  if (what.substitute) track.length = what.until - what.started - offset;
  track.volume = what.volume;
  Voice voice;
  voice.what = what;
  voice.occurrence_offset = what.occurrence_offset + (offset - what.item_offset);
  voices_[track.id] = voice;
  parts_.player.prepare(track);
  return track.id;
}

void Conductor::begin(const Sounding& sounding, TimePoint now) {
  now_ = sounding;
  auto& record = draft(sounding);
  record.volume = sounding.volume;
  record.clock = parts_.clock.quality();
  if (!sounding.alert_id.empty() && sounding.item_index == 0 && record.heard_ms == 0) record.planned_ms = 0;
  if (sounding.item.kind != ItemKind::clip) return;
  if (next_track_ != 0 && same_place(voices_.at(next_track_).what, sounding)) {
    now_track_ = next_track_;
    next_track_ = 0;
    auto& voice = voices_.at(now_track_);
    voice.what = sounding;
    if (voice.armed) return;
    voice.armed = true;
    parts_.player.start_at(now_track_, voice.due);
    return;
  }
  const auto* known = parts_.history.history().find(sounding.occurrence_id);
  const bool from_clock = known && (known->restarted || record.heard_ms == 0);
  const bool joins = sounding.item_offset > kSamePlace && from_clock;
  const auto offset = sounding.item_offset + (joins ? Millis(kJoinLead) : Millis(0));
  now_track_ = prepare(sounding, offset);
  if (now_track_ == 0) return;
  auto& voice = voices_.at(now_track_);
  voice.armed = true;
  voice.due = SteadyTime{parts_.clock.monotonic_at(joins ? now + kJoinLead : now)};
  parts_.player.start_at(now_track_, voice.due);
}

void Conductor::drop_prerolled() {
  if (next_track_ == 0) return;
  parts_.player.stop(next_track_);
  voices_.erase(next_track_);
  next_track_ = 0;
}

void Conductor::preroll(const std::optional<Sounding>& next, TimePoint now) {
  if (next_track_ != 0 && (!next || !same_place(voices_.at(next_track_).what, *next))) drop_prerolled();
  if (!next || next->item.kind != ItemKind::clip) return;
  const auto begins = next->started + next->item_offset;
  if (next_track_ == 0 && begins - now <= kPrerollAhead) next_track_ = prepare(*next, next->item_offset);
  if (next_track_ == 0) return;
  auto& voice = voices_.at(next_track_);
  if (voice.what.volume != next->volume) parts_.player.set_volume(next_track_, next->volume);
  voice.what = *next;
  if (voice.armed) return;
  voice.due = SteadyTime{parts_.clock.monotonic_at(begins)};
  if (begins - now > kArmAhead) return;
  voice.armed = true;
  parts_.player.start_at(next_track_, voice.due);
}

void Conductor::clock_corrected() {
  drop_prerolled();
  changed_();
}

void Conductor::on_started(const TrackStarted& started) {
  const auto found = voices_.find(started.track);
  if (found == voices_.end()) return;
  auto& voice = found->second;
  voice.first_sample = started.at;
  auto& record = draft(voice.what);
  const bool first = !record.started;
  if (first) {
    const auto late = std::chrono::duration_cast<std::chrono::microseconds>(started.at.time_since_epoch() -
                                                                            parts_.clock.monotonic_at(record.due));
    record.started = record.due + std::chrono::floor<Millis>(late);
    record.start_error_us = late.count();
  }
  if (first || !record.alert_id.empty()) record.clip_sha256 = voice.what.item.sha256;
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
  if (ended.level_dbfs) last_level_ = ended.level_dbfs;
  auto& occurrences = parts_.history.history().occurrences;
  if (const auto known = occurrences.find(what.occurrence_id); known != occurrences.end() && known->second.interrupted)
    known->second.heard = voice.occurrence_offset + ended.heard;
  voices_.erase(found);
  if (ended.track == now_track_) now_track_ = 0;
  if (ended.track == next_track_) next_track_ = 0;
  if (ended.how == TrackEnd::failed) {
    spdlog::warn("{}: clip {} {}: {}", what.occurrence_id, what.item.sha256.substr(0, 12), ended.reason, ended.detail);
    broken_[what.item.sha256] = parts_.clock.monotonic() + kBrokenFor;
    faults_[what.occurrence_id] = ended.reason;
    if (now_ && same_item(*now_, what)) now_.reset();
  }
  if (const auto closing = closing_.find(what.occurrence_id); closing != closing_.end() && !has_voice(what.occurrence_id))
    finish(Ended(closing->second.ended));
  changed_();
}

bool Conductor::has_voice(const std::string& occurrence_id) const {
  return std::any_of(voices_.begin(), voices_.end(), [&](const auto& entry) {
    return entry.second.what.occurrence_id == occurrence_id && entry.first != next_track_;
  });
}

void Conductor::save() {
  std::set<std::string> held_back;
  for (const auto& [id, closing] : closing_) held_back.insert(id);
  Transaction transaction(parts_.database);
  parts_.history.save(parts_.clock.now(), held_back);
  transaction.commit();
}

Monotonic Conductor::next_wake(const Decision& decision) const {
  const auto now = parts_.clock.monotonic();
  auto wake = now + kLongestSleep;
  const auto no_later = [&](Monotonic when) { wake = std::min(wake, std::max(when, now)); };
  if (decision.wake) no_later(parts_.clock.monotonic_at(*decision.wake));
  if (decision.next) {
    const auto begins = parts_.clock.monotonic_at(decision.next->started + decision.next->item_offset);
    if (next_track_ == 0) no_later(begins - kPrerollAhead > now ? begins - kPrerollAhead : wake);
    if (next_track_ != 0 && !voices_.at(next_track_).armed) no_later(begins - kArmAhead);
  }
  if (now_) no_later(next_progress_);
  for (const auto& [id, closing] : closing_) no_later(closing.deadline);
  return wake;
}

std::optional<NowSounding> Conductor::sounding() const {
  if (!now_) return std::nullopt;
  return NowSounding{now_->occurrence_id, now_->cls, now_->volume};
}

void Conductor::pause_for_exit() {
  credit_running();
  for (const auto& [track, voice] : voices_) parts_.player.stop(track);
  save();
}

}  // namespace loa::node
