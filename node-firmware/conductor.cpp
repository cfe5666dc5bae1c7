#include "node-firmware/conductor.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "node-firmware/record_maker.hpp"
#include "node-firmware/self_test.hpp"
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
constexpr auto kProgressEvery = 5s;
constexpr auto kOtherTime = 1ms;        // a due time this far from the one told is another
constexpr auto kLongestSleep = 60s;
constexpr auto kHurry = 600ms;          // the most that writes wait for an alert's first sample

bool same_place(const Sounding& a, const Sounding& b) {
  return same_item(a, b) && std::chrono::abs(a.started - b.started) <= kSamePlace;
}

/// Whether a track that begins as `prerolled` says may sound as `wanted` says, though at another time.
bool same_beginning(const Sounding& prerolled, const Sounding& wanted) {
  return same_item(prerolled, wanted) && std::chrono::abs(prerolled.item_offset - wanted.item_offset) <= kSamePlace;
}

const std::vector<scheduler::Occurrence>& occurrences_of(const scheduler::Plan* plan) {
  static const std::vector<scheduler::Occurrence> none;
  return plan ? plan->occurrences : none;
}

}  // namespace

bool same_item(const Sounding& a, const Sounding& b) {
  return a.occurrence_id == b.occurrence_id && a.item_index == b.item_index && a.substitute == b.substitute &&
         a.item.kind == b.item.kind && a.item.sha256 == b.item.sha256 && a.item.url == b.item.url;
}

Conductor::Conductor(Parts parts, std::function<void()> changed)
    : parts_(parts), changed_(std::move(changed)), began_(parts_.clock.monotonic()) {
  without_plan_.until = TimePoint::max();
}

void Conductor::set_plan(scheduler::Plan plan) { plan_ = std::move(plan); }

void Conductor::drop_plan(const std::string& reason) {
  for (const auto& occurrence : occurrences_of(plan()))
    if (const auto* known = parts_.history.history().find(occurrence.id); known && known->open())
      cancel(occurrence.id, "", reason);
  plan_.reset();
}

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
  for (const auto& alert : alerts)
    for (const int repeat : scheduler::open_repeats(alert, parts_.history.history()))
      cancel(scheduler::alert_occurrence_id(alert, repeat), alert.id, reason);
}

bool Conductor::stop(const std::string& occurrence_id) {
  const auto id = !occurrence_id.empty() ? occurrence_id : now_ ? now_->occurrence_id : std::string();
  const auto* known = parts_.history.history().find(id);
  if (id.empty() || !known || !known->open()) return false;
  const auto* kept = parts_.history.draft(id);
  cancel(id, kept ? kept->alert_id : "", "stopped");
  run();
  return true;
}

Monotonic Conductor::run() {
  const auto now = parts_.clock.now();
  follow_clock(now);
  if (!trusted_since_ && parts_.clock.trusted()) trusted_since_ = parts_.clock.monotonic();
  finish_overdue();
  skip_forgotten(now);
  refresh_playable();
  refresh_streams(now);
  auto decision = decide(now);
  if (keep_places(decision, now)) decision = decide(now);
  for (const auto& ended : decision.ended) close(ended);
  apply(decision, now);
  look_ahead(decision);
  steer(decision.sounding, now);
  preroll(decision.next, now);
  if (parts_.clock.monotonic() >= next_progress_) {
    credit_running();
    next_progress_ = parts_.clock.monotonic() + kProgressEvery;
  }
  if (!hurries()) save();
  return next_wake(decision);
}

// Without a trusted clock no schedule sounds, but settings (mute!) hold, and an alert sounds once.
Decision Conductor::decide(TimePoint now) {
  const auto& history = parts_.history.history();
  const auto& shipped = parts_.shelf.shipped();
  const auto& rules = plan_ ? *plan_ : without_plan_;
  if (parts_.clock.trusted() && test_) {
    const auto with_test = with_self_test(plan(), *test_);
    return scheduler::at(&with_test, alerts_, history, now, shipped);
  }
  if (parts_.clock.trusted()) return scheduler::at(&rules, alerts_, history, now, shipped);
  auto quiet = rules;
  quiet.occurrences.clear();
  auto once = alerts_;
  for (auto& alert : once) alert.repeats = 1;
  auto of_alerts = history;
  std::erase_if(of_alerts.occurrences, [this](const auto& entry) { return !is_of_alert(entry.first); });
  return scheduler::at(&quiet, once, of_alerts, now, shipped);
}

bool Conductor::is_of_alert(const std::string& occurrence_id) const {
  return std::any_of(alerts_.begin(), alerts_.end(), [&](const auto& alert) { return occurrence_id.starts_with(alert.id + "."); });
}

void Conductor::refresh_playable() {
  auto& playable = parts_.history.history().playable;
  playable.clear();
  const auto now = parts_.clock.monotonic();
  for (auto* over : {&broken_, &resting_}) std::erase_if(*over, [now](const auto& entry) { return entry.second <= now; });
  const auto ask = [&](const std::string& sha256) {
    if (sha256.empty() || playable.contains(sha256)) return;
    playable[sha256] = !broken_.contains(sha256) && parts_.shelf.find(sha256).has_value();
  };
  for (const auto& clip : wanted_clips(plan(), alerts_, parts_.clock.now() - scheduler::kComeBack)) ask(clip.sha256);
  for (const auto& stock : parts_.shelf.shipped()) ask(stock.sha256);
  for (const auto& occurrence : occurrences_of(plan())) {
    const auto* known = parts_.history.history().find(occurrence.id);
    // Whatever the clock says of its end by now: what was missed or stepped over did not lack its clip.
    const bool to_be_judged = known && known->first_started ? known->open() : !(known && known->outcome) && occurrence.due <= parts_.clock.now();
    for (const auto* list : {&occurrence.items, &occurrence.substitutes})
      for (const auto& item : *list) {
        if (to_be_judged) ask(item.sha256);
      }
  }
}

void Conductor::steer(const std::optional<Sounding>& sounding, TimePoint now) {
  if (now_ && sounding && same_item(*now_, *sounding)) {
    if (now_->volume != sounding->volume && now_track_ != 0) parts_.player.set_volume(now_track_, sounding->volume);
    now_ = sounding;
    if (auto* kept = parts_.history.draft(sounding->occurrence_id)) kept->volume = sounding->volume;
    return;
  }
  if (now_ && now_track_ != 0) note_lost_stream(*now_);
  release_current();
  if (sounding && !rests(*sounding)) begin(*sounding, now);
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

TrackId Conductor::prepare(const Sounding& what, Millis offset) {
  Track track;
  const bool stream = what.item.kind == ItemKind::stream;
  if (stream) {
    track.stream = parts_.streams ? parts_.streams->feed(what.item.url) : nullptr;
    if (!track.stream) return 0;
  } else {
    const auto file = parts_.shelf.find(what.item.sha256);
    if (!file) return 0;
    track.file = *file;
    track.offset = offset;
  }
  track.id = ++last_track_;
  // Only a stand-in may be longer than its place, and a stream never ends; the clip itself ends where the plan says.
  if (what.substitute || stream) track.length = what.until - what.started - offset;
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
  if (sounding.item.kind == ItemKind::pause) return;
  if (next_track_ != 0 && same_beginning(voices_.at(next_track_).what, sounding)) {
    now_track_ = next_track_;
    next_track_ = 0;
    auto& voice = voices_.at(now_track_);
    voice.what = sounding;
    // Where the clock was set forward it may have been told a later time.
    const auto at_once = parts_.clock.monotonic_at(now);
    arm(now_track_, voice.armed ? std::min(voice.due.time_since_epoch(), at_once) : at_once);
    return;
  }
  const auto* known = parts_.history.history().find(sounding.occurrence_id);
  const bool from_clock = known && (known->restarted || record.heard_ms == 0 || faults_.contains(sounding.occurrence_id));
  const bool joins = sounding.item.kind == ItemKind::clip && sounding.item_offset > kSamePlace && from_clock;
  const auto offset = sounding.item_offset + (joins ? Millis(kJoinLead) : Millis(0));
  now_track_ = prepare(sounding, offset);
  if (now_track_ == 0) return;
  arm(now_track_, parts_.clock.monotonic_at(joins ? now + kJoinLead : now));
  if (!sounding.alert_id.empty()) hurry_until_ = parts_.clock.monotonic() + kHurry;
}

bool Conductor::hurries() const {
  const auto voice = voices_.find(now_track_);
  return parts_.clock.monotonic() < hurry_until_ && voice != voices_.end() && !voice->second.first_sample;
}

void Conductor::drop_prerolled() {
  if (next_track_ == 0) return;
  parts_.player.stop(next_track_);
  voices_.erase(next_track_);
  next_track_ = 0;
}

void Conductor::preroll(const std::optional<Sounding>& next, TimePoint now) {
  if (next_track_ != 0 && (!next || !same_place(voices_.at(next_track_).what, *next))) drop_prerolled();
  if (!next || next->item.kind == ItemKind::pause || rests(*next)) return;
  const auto begins = next->started + next->item_offset;
  if (next_track_ == 0 && begins - now <= kPrerollAhead) next_track_ = prepare(*next, next->item_offset);
  if (next_track_ == 0) return;
  auto& voice = voices_.at(next_track_);
  if (voice.what.volume != next->volume) parts_.player.set_volume(next_track_, next->volume);
  voice.what = *next;
  if (begins - now > kArmAhead) {
    if (voice.armed) drop_prerolled();  // the clock was set back: it must not begin now
    return;
  }
  arm(next_track_, parts_.clock.monotonic_at(begins));
}

/// Tells the player when the track begins; again where the clock was set since.
void Conductor::arm(TrackId track, Monotonic due) {
  auto& voice = voices_.at(track);
  if (voice.armed && std::chrono::abs(voice.due.time_since_epoch() - due) < kOtherTime) return;
  voice.armed = true;
  voice.due = SteadyTime{due};
  parts_.player.start_at(track, voice.due);
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
  if (hurries()) no_later(hurry_until_);
  if (gate_wake_) no_later(*gate_wake_);
  if (next_stream_) no_later(parts_.clock.monotonic_at(*next_stream_));
  for (const auto& [id, closing] : closing_) no_later(closing.deadline);
  if (device_again_ > now) no_later(device_again_);
  for (const auto* tried_again : {&broken_, &resting_})
    for (const auto& [key, until] : *tried_again) no_later(until);
  return wake;
}

std::optional<NowSounding> Conductor::sounding() const {
  if (!now_) return std::nullopt;
  return NowSounding{now_->occurrence_id, now_->cls, now_->volume};
}

}  // namespace loa::node
