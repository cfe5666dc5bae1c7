#include <algorithm>
#include <charconv>

#include "scheduler/piece.hpp"

namespace loa::scheduler {
namespace {

// Why an alert is no longer in force although it has not expired.
struct Revoked {
  TimePoint since;
  std::string reason;
  std::string by;
};

std::optional<Revoked> revoked(const Alert& alert, const std::vector<Alert>& alerts) {
  std::optional<Revoked> why;
  if (alert.message == AlertMessage::cancel) why = Revoked{alert.sent, "cancelled", {}};
  for (const Alert& other : alerts) {
    if (other.id == alert.id || other.message == AlertMessage::alert) continue;
    if (std::find(other.references.begin(), other.references.end(), alert.id) == other.references.end())
      continue;
    // Who updates an alert cancels it with that, so this is the better word.
    if (other.message == AlertMessage::update) return Revoked{other.sent, "updated", other.id};
    if (!why) why = Revoked{other.sent, "cancelled", other.id};
  }
  return why;
}

// Two snapshots may list the same alert: its highest revision counts, and of equal ones the first.
bool listed_better(const Alert& alert, const std::vector<Alert>& alerts) {
  for (const Alert& other : alerts) {
    if (other.id != alert.id || &other == &alert) continue;
    if (other.revision > alert.revision || (other.revision == alert.revision && &other < &alert)) return true;
  }
  return false;
}

TimePoint due_of(const Alert& alert, int repeat) { return alert.sent + (repeat - 1) * spacing_of(alert); }

bool has_repeat(const Alert& alert, int repeat) { return alert.repeats == 0 || repeat <= std::max(alert.repeats, 1); }

// The number of the last repeat due at `time`, the first being due at once.
int latest_repeat(const Alert& alert, TimePoint time) {
  if (time <= alert.sent) return 1;
  const std::int64_t most = alert.repeats == 0 ? std::numeric_limits<int>::max() - 1 : std::max(alert.repeats, 1);
  return static_cast<int>(std::min<std::int64_t>(most, (time - alert.sent) / spacing_of(alert) + 1));
}

struct Stocks {
  const std::vector<StockClip>& wanted;
  const std::vector<StockClip>& shipped;

  std::optional<Item> find(const std::string& name) const { return stock_item(name, wanted, shipped); }
};

// The words that an exercise or a test begins with; empty for an actual alert.
const char* status_words(const Alert& alert) {
  return alert.status == AlertStatus::actual ? "" : name_of(alert.status);
}

// The items of one repeat as things stand: [tone] [words of its status] then its own clip or its stock words,
// and after stock words that were begun the own clip, once it is there.
void fill_items(Piece& piece, const Alert& alert, const Stocks& stocks, const History& history) {
  auto& items = piece.own_items.emplace();
  std::optional<Item> status;
  if (const std::string name = status_words(alert); !name.empty()) {
    const auto says = stocks.find(name);
    if (!says || !history.is_playable(says->sha256)) return;  // what cannot be told from an actual alert stays silent
    if (name != alert.stock_clip || alert.clip) status = says;
  }
  if (const auto tone = stocks.find("tone")) items.push_back(*tone);
  if (status) items.push_back(*status);
  const int place = static_cast<int>(items.size());
  auto words = stocks.find(alert.stock_clip);
  if (status && words && alert.stock_clip == name_of(alert.status)) words.reset();  // not twice
  const OccurrenceHistory* known = piece.history;
  const bool begun = words && known && known->substituted == place && (known->owed || !known->interrupted);
  const bool there = alert.clip && history.is_playable(alert.clip->sha256);
  if (begun || (words && !there && history.is_playable(words->sha256))) {
    items.push_back(*words);
    piece.voice_place = alert.clip ? place : -1;
  } else if (alert.clip) {
    items.push_back(*alert.clip);
  } else if (words) {
    items.push_back(*words);
  }
  if (!begun || !alert.clip) return;
  piece.owes = static_cast<int>(items.size());
  for (const Item& item : items) piece.owed_from += item.duration;
  if (!there) return;
  if (status) items.push_back(*status);
  items.push_back(*alert.clip);
}

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
  fill_items(piece, alert, stocks, history);
  for (const Item& item : *piece.own_items) piece.duration += item.duration;
  return piece;
}

class Look {
 public:
  Look(const History& history, TimePoint now, int volume, Stocks stocks)
      : history_(history), now_(now), volume_(volume), stocks_(stocks) {}

  void at(const Alert& alert, const std::optional<Revoked>& why) {
    end_other_revisions(alert, why);
    if (why) return end_revoked(alert, *why);
    if (now_ >= alert.expires) return end_expired(alert);
    scene_.changes = std::min(scene_.changes, alert.expires);
    const int latest = latest_repeat(alert, now_);
    bool one_goes_on = false;
    for (const int repeat : looked_at(alert, latest - 1)) one_goes_on |= look_at_earlier(alert, repeat);
    if (Piece piece = make(alert, latest); !has_outcome(piece))
      (one_goes_on ? scene_.behind : scene_.due).push_back(std::move(piece));
    if (!has_repeat(alert, latest + 1)) return;
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

  // The repeats up to `last` that may still need an outcome: the newest, and before them what has begun.
  std::vector<int> looked_at(const Alert& alert, int last) const {
    const int oldest = std::max(1, last - kRepeatsLookedBack + 1);
    std::vector<int> repeats;
    for (const int repeat : open_repeats(alert, history_))
      if (repeat < oldest) repeats.push_back(repeat);
    std::sort(repeats.begin(), repeats.end());
    for (int repeat = oldest; repeat <= last; ++repeat) repeats.push_back(repeat);
    return repeats;
  }

  // True when this repeat has begun and goes on; one that never began is not made up.
  bool look_at_earlier(const Alert& alert, int repeat) {
    if (const auto* known = history_.find(alert_occurrence_id(alert, repeat)); known && known->outcome)
      return false;
    Piece piece = make(alert, repeat);
    if (piece.started()) {
      Standing standing = stand(piece, history_, now_);
      // The next repeat has the own clip where it came, and says the stock words again where it did not.
      if (standing.owing) standing.ended = end_owing(piece);
      if (standing.ended) {
        scene_.ended.push_back(std::move(*standing.ended));
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
    for (const int repeat : looked_at(alert, latest_repeat(alert, std::min(why.since, alert.expires - Millis{1}))))
      if (const Piece piece = make(alert, repeat); !has_outcome(piece))
        scene_.ended.push_back(end_piece(piece, why.reason, Outcome::cancelled, why.by));
  }

  // What an earlier revision began, or had to wait with: nothing else tells of it any more.
  void end_other_revisions(const Alert& alert, const std::optional<Revoked>& why) {
    const std::string prefix = alert.id + ".";
    const std::string own = prefix + std::to_string(alert.revision) + ".";
    auto entry = history_.occurrences.lower_bound(prefix);
    for (; entry != history_.occurrences.end() && entry->first.starts_with(prefix); ++entry)
      if (!entry->second.outcome && !entry->first.starts_with(own))
        scene_.ended.push_back({entry->first, alert.id, Outcome::cancelled, why ? why->reason : "updated", why ? why->by : ""});
  }

  void end_begun(const Alert& alert, const Revoked& why) {
    for (const int repeat : open_repeats(alert, history_))
      scene_.ended.push_back(end_piece(make(alert, repeat), why.reason, Outcome::cancelled, why.by));
  }

  void end_expired(const Alert& alert) {
    if (alert.expires <= alert.sent) return;
    for (const int repeat : looked_at(alert, latest_repeat(alert, alert.expires - Millis{1}))) {
      const Piece piece = make(alert, repeat);
      if (has_outcome(piece)) continue;
      const bool owing = piece.started() && stand(piece, history_, now_).owing;
      scene_.ended.push_back(owing ? end_owing(piece) : end_piece(piece, "expired", Outcome::skipped));
    }
  }

  const History& history_;
  const TimePoint now_;
  const int volume_;
  const Stocks stocks_;
  AlertScene scene_;
};

}  // namespace

Millis spacing_of(const Alert& alert) { return std::max(alert.repeat_every, Millis{1000}); }

std::optional<Item> stock_item(const std::string& name, const std::vector<StockClip>& wanted,
                               const std::vector<StockClip>& shipped) {
  for (const auto* list : {&wanted, &shipped})
    for (const StockClip& clip : *list)
      if (clip.name == name)
        return Item{.kind = ItemKind::clip, .duration = clip.duration, .sha256 = clip.sha256, .bytes = clip.bytes};
  return {};
}

std::vector<int> open_repeats(const Alert& alert, const History& history) {
  const std::string prefix = alert.id + "." + std::to_string(alert.revision) + ".";
  std::vector<int> repeats;
  auto entry = history.occurrences.lower_bound(prefix);
  for (; entry != history.occurrences.end() && entry->first.starts_with(prefix); ++entry) {
    if (entry->second.outcome) continue;
    int repeat = 0;
    const char* end = entry->first.data() + entry->first.size();
    const auto read = std::from_chars(entry->first.data() + prefix.size(), end, repeat);
    if (read.ec == std::errc{} && read.ptr == end && repeat > 0) repeats.push_back(repeat);
  }
  return repeats;
}

AlertScene look_at_alerts(const std::vector<Alert>& alerts, const History& history, TimePoint now,
                          int alert_volume, const std::vector<StockClip>& stock,
                          const std::vector<StockClip>& shipped) {
  Look look(history, now, alert_volume, {stock, shipped});
  for (const Alert& alert : alerts)
    if (!listed_better(alert, alerts)) look.at(alert, revoked(alert, alerts));
  return look.take();
}

}  // namespace loa::scheduler
