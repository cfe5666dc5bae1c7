#include "scheduler/playhead.hpp"

#include <algorithm>

#include "scheduler/piece.hpp"

namespace loa::scheduler {
namespace {

Piece piece_of(const Occurrence& occurrence, const Item* stand_in, TimePoint stop, const History& history) {
  Piece piece;
  piece.id = occurrence.id;
  piece.cls = occurrence.cls;
  piece.rank = occurrence.cls == Class::priority ? 1 : 0;
  piece.due = occurrence.due;
  piece.stop = stop;
  piece.back_until = occurrence.end() + kComeBack;
  piece.duration = occurrence.duration;
  piece.items = &occurrence.items;
  piece.substitutes = &occurrence.substitutes;
  piece.stand_in = stand_in;
  piece.after = occurrence.after_interrupt;
  piece.late = occurrence.late;
  piece.late_limit = occurrence.late_limit;
  piece.volume = occurrence.volume;
  piece.history = history.find(occurrence.id);
  if (piece.history) piece.back_until += piece.history->shifted;
  return piece;
}

// The alert's id in the id of one of its soundings; empty for what is a broadcast's.
std::string alert_in(const std::string& occurrence_id) {
  if (occurrence_id.find('@') != std::string::npos) return {};
  const auto last = occurrence_id.rfind('.');
  if (last == std::string::npos || last == 0) return {};
  const auto dot = occurrence_id.rfind('.', last - 1);
  return dot == std::string::npos ? std::string{} : occurrence_id.substr(0, dot);
}

int percent_of(int a, int b) { return std::clamp((a * b + 50) / 100, 0, 100); }

// The plan's own volume at `now`, and when it will be another.
struct HourlyVolume {
  int volume = 100;
  TimePoint changes = kNever;
};

HourlyVolume volume_now(const Plan& plan, TimePoint now) {
  const auto local = now + std::chrono::minutes{plan.utc_offset_minutes};
  const auto midnight = std::chrono::floor<std::chrono::days>(local);
  HourlyVolume answer{plan.settings.volume, kNever};
  for (const VolumeHours& hours : plan.settings.volume_by_hour) {
    const auto from = midnight + std::chrono::minutes{hours.from_minute};
    const auto to = midnight + std::chrono::minutes{hours.to_minute};
    if (from <= local && local < to) answer.volume = hours.volume;
    for (const auto edge : {from, to, from + std::chrono::days{1}})
      if (edge > local) answer.changes = std::min(answer.changes, now + (edge - local));
  }
  return answer;
}

struct Candidate {
  Piece piece;
  Standing standing;
};

// One look at everything; its parts fill the decision step by step.
class Look {
 public:
  Look(const Plan* plan, const std::vector<Alert>& alerts, const History& history, TimePoint now,
       const std::vector<StockClip>& shipped)
      : plan_(plan),
        history_(history),
        now_(now),
        expired_(plan && now >= plan->until),
        muted_(plan && plan->settings.mute) {
    static const std::vector<StockClip> kNoStock;
    alert_scene_ = look_at_alerts(alerts, history, now, plan ? plan->settings.alert_volume : 100,
                                  plan ? plan->settings.stock : kNoStock, shipped);
    if (plan) volume_ = volume_now(*plan, now);
    if (plan && plan->settings.stand_in) stand_in_ = stock_item(*plan->settings.stand_in, plan->settings.stock, shipped);
    gather(alerts);
    choose();
    say_next();
  }

  Decision take() { return std::move(decision_); }

 private:
  const Item* stand_in() const { return stand_in_ ? &*stand_in_ : nullptr; }

  void wake_at(TimePoint time) {
    if (time <= now_ || time >= kNever) return;
    if (!decision_.wake || time < *decision_.wake) decision_.wake = time;
  }

  // What had to wait of an alert that nothing names any more.
  static bool of_vanished_alert(const std::string& id, const std::vector<Alert>& alerts) {
    if (alert_in(id).empty()) return false;
    return std::none_of(alerts.begin(), alerts.end(), [&](const Alert& alert) { return id.starts_with(alert.id + "."); });
  }

  void gather(const std::vector<Alert>& alerts) {
    std::vector<std::string_view> open;
    for (const auto& [id, known] : history_.occurrences)
      if (known.open() || (!known.outcome && of_vanished_alert(id, alerts))) open.push_back(id);
    const auto seen = [&](const std::string& id) { std::erase(open, id); };
    decision_.ended = std::move(alert_scene_.ended);
    for (const Ended& ended : decision_.ended) seen(ended.occurrence_id);
    for (Piece& piece : alert_scene_.due) {
      seen(piece.id);
      weigh(std::move(piece), false);
    }
    for (Piece& piece : alert_scene_.behind)
      if (muted_) weigh(std::move(piece), false);
    wake_at(alert_scene_.changes);
    if (plan_) gather_plan(open);
    for (const std::string_view id : open) withdraw(std::string{id}, alerts);
  }

  void gather_plan(std::vector<std::string_view>& open) {
    if (!expired_) wake_at(plan_->until);
    const auto& all = plan_->occurrences;
    const auto later = std::upper_bound(all.begin(), all.end(), now_,
                                        [](TimePoint t, const Occurrence& o) { return t < o.due; });
    first_coming_ = static_cast<std::size_t>(later - all.begin());
    if (later != all.end() && !expired_) wake_at(later->due);
    for (auto o = all.begin(); o != later; ++o) {
      const OccurrenceHistory* known = history_.find(o->id);
      if (known && known->outcome) continue;
      if (known && known->open()) std::erase(open, o->id);
      weigh(piece_of(*o, stand_in(), plan_->until, history_), expired_);
    }
    // After the clock was set back, what sounds may be due later than now.
    if (open.empty()) return;
    for (auto o = later; o != all.end(); ++o)
      if (std::erase(open, o->id)) weigh(piece_of(*o, stand_in(), plan_->until, history_), expired_);
  }

  // Ends the piece, or makes it a candidate.
  void weigh(Piece piece, bool expired) {
    Standing standing = stand(piece, history_, now_);
    if (!standing.ended && muted_) standing.ended = end_piece(piece, "muted", Outcome::skipped);
    if (!standing.ended && expired) standing.ended = end_piece(piece, "plan_expired", Outcome::skipped);
    if (standing.ended) {
      decision_.ended.push_back(std::move(*standing.ended));
      return;
    }
    wake_at(standing.changes);
    candidates_.push_back({std::move(piece), std::move(standing)});
  }

  void withdraw(const std::string& id, const std::vector<Alert>& alerts) {
    Ended ended{id, {}, Outcome::cancelled, "withdrawn", {}};
    for (const Alert& alert : alerts) {
      if (!id.starts_with(alert.id + ".")) continue;
      ended.alert_id = alert.id;
      ended.reason = alert.message == AlertMessage::cancel ? "cancelled" : "updated";
    }
    if (ended.alert_id.empty()) ended.alert_id = alert_in(id);
    decision_.ended.push_back(std::move(ended));
  }

  void choose() {
    std::sort(candidates_.begin(), candidates_.end(),
              [](const auto& a, const auto& b) { return goes_before(a.piece, b.piece); });
    const auto best =
        std::find_if(candidates_.begin(), candidates_.end(), [](const auto& c) { return c.standing.ready; });
    if (best != candidates_.end()) {
      current_ = &*best;
      decision_.sounding = sounding_of(best->piece, best->standing.offset, now_);
      wake_at(decision_.sounding->until);
      if (best->piece.alert_id.empty()) wake_at(volume_.changes);
    }
    for (const Candidate& candidate : candidates_)
      if (&candidate != current_) hold_back(candidate);
    if (muted_) return;
    for (const Piece& piece : alert_scene_.behind)
      decision_.waiting.push_back({piece.id, current_ ? current_->piece.id : std::string{}, false, true});
  }

  // Its own clip, late, was cut, and a newer repeat is due: that one has the clip from its beginning.
  bool gives_way_to_next(const Piece& piece) const {
    return piece.history->owed && std::any_of(alert_scene_.behind.begin(), alert_scene_.behind.end(),
                                              [&](const Piece& next) { return next.alert_id == piece.alert_id; });
  }

  void hold_back(const Candidate& candidate) {
    const Piece& piece = candidate.piece;
    const std::string by = current_ ? current_->piece.id : std::string{};
    if (piece.sounding() && (piece.after == AfterInterrupt::drop || gives_way_to_next(piece))) {
      decision_.ended.push_back(end_piece(piece, "interrupted", Outcome::skipped, by));
      return;
    }
    const bool waits_for_clip = candidate.standing.owing && !candidate.standing.ready;
    if (current_ && !waits_for_clip && decision_.sounding->interrupts.empty() &&
        (piece.sounding() || (piece.started() && piece.history->interrupted_by == by)))
      decision_.sounding->interrupts = piece.id;
    decision_.waiting.push_back({piece.id, candidate.standing.ready ? by : std::string{}, candidate.standing.owing, !piece.alert_id.empty()});
  }

  Sounding sounding_of(const Piece& piece, Millis offset, TimePoint time) const {
    Sounding s = sound(piece, offset, time, history_);
    if (piece.alert_id.empty())
      s.volume = percent_of(piece.volume, (time == now_ ? volume_ : volume_now(*plan_, time)).volume);
    return s;
  }

  // What will sound next, as far as is known: the rest of what sounds, something above it, or what comes
  // after it.
  void say_next() {
    if (muted_) return;
    free_ = current_ ? now_ + sounding_from(current_->piece, current_->standing.offset, history_) : now_;
    if (current_) {
      if (const auto offset = playable_from(
              current_->piece, current_->standing.offset + (decision_.sounding->until - now_), history_);
          offset && decision_.sounding->until < current_->piece.stop)
        offer(current_->piece, *offset, decision_.sounding->until);
    }
    for (const Candidate& c : candidates_)
      if (&c != current_ && !c.piece.sounding()) offer_after(c.piece, above(c.piece) ? now_ : free_);
    for (const Piece& piece : alert_scene_.behind) offer_after(piece, free_);
    for (const Piece& piece : alert_scene_.coming)
      offer_after(piece, std::max(piece.due, above(piece) ? piece.due : free_));
    if (!plan_ || expired_) return;
    for (std::size_t i = first_coming_; i < plan_->occurrences.size(); ++i) {
      const Occurrence& o = plan_->occurrences[i];
      if (decision_.next && o.due > decision_.next->begins()) break;
      const Piece piece = piece_of(o, stand_in(), plan_->until, history_);
      if (piece.history && (piece.history->outcome || piece.history->open())) continue;
      offer_after(piece, above(piece) ? o.due : std::max(o.due, free_));
    }
  }

  bool above(const Piece& piece) const { return !current_ || piece.rank > current_->piece.rank; }

  // Offers the first moment from `time` on at which the piece could begin.
  void offer_after(const Piece& piece, TimePoint time) {
    for (std::size_t tries = 0; tries <= piece.item_list().size(); ++tries) {
      if (time >= piece.stop || (decision_.next && time > decision_.next->begins())) return;
      const Standing standing = stand(piece, history_, time);
      if (standing.ready && time > now_) return offer(piece, standing.offset, time);
      if (standing.ended || standing.changes >= kNever) return;
      time = standing.changes;
    }
  }

  void offer(const Piece& piece, Millis offset, TimePoint time) {
    if (decision_.next && (next_rank_ >= piece.rank || time > decision_.next->begins()) &&
        time >= decision_.next->begins())
      return;
    decision_.next = sounding_of(piece, offset, time);
    next_rank_ = piece.rank;
    if (current_ && &piece != &current_->piece && piece.rank > current_->piece.rank && time < free_)
      decision_.next->interrupts = current_->piece.id;
  }

  const Plan* plan_;
  const History& history_;
  const TimePoint now_;
  const bool expired_;
  const bool muted_;
  AlertScene alert_scene_;
  HourlyVolume volume_;
  std::optional<Item> stand_in_;
  std::size_t first_coming_ = 0;
  std::vector<Candidate> candidates_;
  const Candidate* current_ = nullptr;
  TimePoint free_;  ///< when what sounds will be over
  int next_rank_ = 0;
  Decision decision_;
};

}  // namespace

TimePoint of_use_until(const Occurrence& occurrence) {
  const auto come_back = occurrence.end() + kComeBack;
  return occurrence.late == LateRule::skip ? std::max(come_back, occurrence.due + occurrence.late_limit) : come_back;
}

Decision at(const Plan* plan, const std::vector<Alert>& alerts, const History& history, TimePoint now,
            const std::vector<StockClip>& shipped) {
  return Look(plan, alerts, history, now, shipped).take();
}

}  // namespace loa::scheduler
