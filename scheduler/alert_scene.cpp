#include <algorithm>

#include "scheduler/piece.hpp"

namespace loa::scheduler {
namespace {

constexpr Millis kShortestRepeat{1000};

// Why an alert is no longer in force although it has not expired.
struct Revoked {
  TimePoint since;
  std::string reason;
  std::string by;
};

std::optional<Revoked> revoked(const Alert& alert, const std::vector<Alert>& alerts) {
  if (alert.message == AlertMessage::cancel) return Revoked{alert.sent, "cancelled", alert.id};
  for (const Alert& other : alerts) {
    if (other.id == alert.id || other.message == AlertMessage::alert) continue;
    if (std::find(other.references.begin(), other.references.end(), alert.id) == other.references.end())
      continue;
    return Revoked{other.sent, other.message == AlertMessage::update ? "updated" : "cancelled", other.id};
  }
  return {};
}

// Two snapshots may list the same alert: its highest revision counts, and of equal ones the first.
bool listed_better(const Alert& alert, const std::vector<Alert>& alerts) {
  for (const Alert& other : alerts) {
    if (other.id != alert.id || &other == &alert) continue;
    if (other.revision > alert.revision || (other.revision == alert.revision && &other < &alert)) return true;
  }
  return false;
}

Millis spacing(const Alert& alert) { return std::max(alert.repeat_every, kShortestRepeat); }

int repeats(const Alert& alert) { return std::clamp(alert.repeats, 1, kMaxRepeats); }

TimePoint due_of(const Alert& alert, int repeat) { return alert.sent + (repeat - 1) * spacing(alert); }

// The number of the last repeat due at `time`, the first being due at once.
int latest_repeat(const Alert& alert, TimePoint time) {
  if (time <= alert.sent) return 1;
  return static_cast<int>(std::min<std::int64_t>(repeats(alert), (time - alert.sent) / spacing(alert) + 1));
}

struct Stocks {
  const std::vector<StockClip>& wanted;
  const std::vector<StockClip>& shipped;

  const StockClip* find(const std::string& name) const {
    for (const auto* list : {&wanted, &shipped})
      for (const StockClip& clip : *list)
        if (clip.name == name) return &clip;
    return nullptr;
  }
};

Item item_of(const StockClip& clip) {
  return {.kind = ItemKind::clip, .duration = clip.duration, .sha256 = clip.sha256, .bytes = clip.bytes};
}

// The piece of one repeat, with the items that it has as things stand.
Piece piece_of(const Alert& alert, int repeat, const Stocks& stocks, const History& history, int volume) {
  Piece piece;
  piece.id = alert_occurrence_id(alert, repeat);
  piece.alert_id = alert.id;
  piece.cls = Class::emergency;
  piece.rank = alert.status == AlertStatus::actual ? 3 : 2;
  piece.due = due_of(alert, repeat);
  piece.stop = alert.expires;
  piece.after = AfterInterrupt::restart;
  piece.late = LateRule::skip;
  piece.late_limit = kNever - piece.due - Millis{1};
  piece.volume = volume;
  piece.history = history.find(piece.id);
  auto& items = piece.own_items.emplace();
  if (const StockClip* tone = stocks.find("tone")) items.push_back(item_of(*tone));
  const StockClip* words = stocks.find(alert.stock_clip);
  const bool begun = piece.history && piece.history->substituted == static_cast<int>(items.size());
  const bool own = alert.clip && history.is_playable(alert.clip->sha256) && !begun;
  const bool stock = !own && words && (begun || history.is_playable(words->sha256));
  if (stock)
    items.push_back(item_of(*words));
  else if (alert.clip)
    items.push_back(*alert.clip);
  piece.voice_substituted = stock && alert.clip;
  for (const Item& item : items) piece.duration += item.duration;
  return piece;
}

class Look {
 public:
  Look(const History& history, TimePoint now, int volume, Stocks stocks)
      : history_(history), now_(now), volume_(volume), stocks_(stocks) {}

  void at(const Alert& alert, const std::optional<Revoked>& why) {
    if (why) return end_revoked(alert, *why);
    if (now_ >= alert.expires) return end_expired(alert);
    scene_.changes = std::min(scene_.changes, alert.expires);
    const int latest = latest_repeat(alert, now_);
    bool one_goes_on = false;
    for (int repeat = 1; repeat < latest; ++repeat) one_goes_on |= look_at_earlier(alert, repeat);
    if (Piece piece = make(alert, latest); !has_outcome(piece))
      (one_goes_on ? scene_.behind : scene_.due).push_back(std::move(piece));
    if (latest == repeats(alert)) return;
    const TimePoint next = due_of(alert, latest + 1);
    if (next >= alert.expires) return;
    scene_.changes = std::min(scene_.changes, next);
    scene_.coming.push_back(make(alert, latest + 1));
  }

  AlertScene take() { return std::move(scene_); }

 private:
  Piece make(const Alert& alert, int repeat) const {
    return piece_of(alert, repeat, stocks_, history_, volume_);
  }
  static bool has_outcome(const Piece& piece) { return piece.history && piece.history->outcome; }

  // True when this repeat has begun and goes on; one that never began is not made up.
  bool look_at_earlier(const Alert& alert, int repeat) {
    if (const auto* known = history_.find(alert_occurrence_id(alert, repeat)); known && known->outcome)
      return false;
    Piece piece = make(alert, repeat);
    if (piece.started()) {
      if (auto over = stand(piece, history_, now_).ended) {
        scene_.ended.push_back(std::move(*over));
        return false;
      }
      scene_.due.push_back(std::move(piece));
      return true;
    }
    scene_.ended.push_back(end_unheard(piece, history_));
    return false;
  }

  void end_revoked(const Alert& alert, const Revoked& why) {
    if (alert.message == AlertMessage::cancel || why.since < alert.sent) return end_begun(alert, why);
    for (int repeat = 1; repeat <= latest_repeat(alert, std::min(why.since, alert.expires - Millis{1}));
         ++repeat)
      if (const Piece piece = make(alert, repeat); !has_outcome(piece))
        scene_.ended.push_back(end_piece(piece, why.reason, Outcome::cancelled, why.by));
  }

  void end_begun(const Alert& alert, const Revoked& why) {
    for (int repeat = 1; repeat <= repeats(alert); ++repeat)
      if (const Piece piece = make(alert, repeat); piece.started() && !has_outcome(piece))
        scene_.ended.push_back(end_piece(piece, why.reason, Outcome::cancelled, why.by));
  }

  void end_expired(const Alert& alert) {
    if (alert.expires <= alert.sent) return;
    for (int repeat = 1; repeat <= latest_repeat(alert, alert.expires - Millis{1}); ++repeat)
      if (const Piece piece = make(alert, repeat); !has_outcome(piece))
        scene_.ended.push_back(end_piece(piece, "expired", Outcome::skipped));
  }

  const History& history_;
  const TimePoint now_;
  const int volume_;
  const Stocks stocks_;
  AlertScene scene_;
};

}  // namespace

AlertScene look_at_alerts(const std::vector<Alert>& alerts, const History& history, TimePoint now,
                          int alert_volume, const std::vector<StockClip>& stock,
                          const std::vector<StockClip>& shipped) {
  Look look(history, now, alert_volume, {stock, shipped});
  for (const Alert& alert : alerts)
    if (!listed_better(alert, alerts)) look.at(alert, revoked(alert, alerts));
  return look.take();
}

}  // namespace loa::scheduler
