#pragma once
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/playhead.hpp"

// Inside the playhead only: broadcasts' occurrences and alerts' repeats seen as one kind of thing.
namespace loa::scheduler {

/// Later than anything, with room to add to it.
inline constexpr TimePoint kNever = from_ms(std::numeric_limits<std::int64_t>::max() / 4);

/// What may sound: an occurrence, or one repeat of an alert.
struct Piece {
  std::string id;
  std::string alert_id;
  Class cls = Class::normal;
  int rank = 0;  ///< higher cuts lower
  TimePoint due;
  TimePoint stop = kNever;        ///< sounds no further than this
  TimePoint back_until = kNever;  ///< an interrupted one may come back before this
  Millis duration{0};
  const std::vector<Item>* items = nullptr;
  const std::vector<Item>* substitutes = nullptr;
  const Item* stand_in = nullptr;  ///< the area's announcement for where no substitute is playable either
  std::optional<std::vector<Item>> own_items;  ///< of an alert, whose items are made here
  int voice_place = -1;  ///< of an alert: place of the stock words that stand in for its own clip; -1: none do
  int owes = -1;         ///< of an alert whose stock words were begun: place that its own clip has after them
  Millis owed_from{0};   ///< offset of that place; the items end there while the clip is not there
  AfterInterrupt after = AfterInterrupt::resume;
  LateRule late = LateRule::join;
  Millis late_limit{0};
  int volume = 100;
  const OccurrenceHistory* history = nullptr;  ///< null: nothing is known

  const std::vector<Item>& item_list() const { return own_items ? *own_items : *items; }
  bool sounding() const { return history && history->sounding(); }
  bool started() const { return history && history->first_started; }
};

/// What sounds at an offset of a piece.
struct Slot {
  const Item* item = nullptr;  ///< null: nothing that is playable
  std::size_t index = 0;
  bool substitute = false;
  Millis rung_from{0};  ///< of a substitute: offset in the piece at which the substitutes of the place began
  Millis item_offset{0};
  Millis until{0};      ///< offset in the piece at which this ends
  Millis place_end{0};  ///< offset in the piece at which the place ends
};

/// The slot at `offset`; nothing when the piece is over by then.
std::optional<Slot> slot_at(const Piece& piece, Millis offset, const History& history);

/// The first offset from `offset` on where something is playable; nothing when there is none.
std::optional<Millis> playable_from(const Piece& piece, Millis offset, const History& history);

/// How long `piece` will sound from `offset` on, what is not playable being passed over.
Millis sounding_from(const Piece& piece, Millis offset, const History& history);

/// How a piece that is due stands at a moment.
struct Standing {
  std::optional<Ended> ended;  ///< over; otherwise:
  bool ready = false;          ///< could sound now at `offset`; false: waits until something is playable
  bool owing = false;          ///< of an alert: its stock words are over, and its own clip has not begun
  Millis offset{0};
  TimePoint changes = kNever;  ///< when it stands differently by itself
};
Standing stand(const Piece& piece, const History& history, TimePoint now);

/// An end of `piece` for `reason`: partial where it has begun, else `unheard`.
Ended end_piece(const Piece& piece, std::string reason, Outcome unheard, std::string by = {});

/// The end of what never began in its time: failed: not_fetched, skipped: conflict, or skipped: missed.
Ended end_unheard(const Piece& piece, const History& history);

/// The end of an alert's sounding of which only the stock words were heard.
Ended end_owing(const Piece& piece);

/// What `piece` sounds like when it is at `offset` at `time`; it must be playable there.
Sounding sound(const Piece& piece, Millis offset, TimePoint time, const History& history);

/// Whether `a` goes before `b` where both could sound.
bool goes_before(const Piece& a, const Piece& b);

/// Everything about alerts at one moment.
struct AlertScene {
  std::vector<Piece> due;     ///< in force, due and without outcome: at most one an alert
  std::vector<Piece> behind;  ///< due, but an earlier repeat of the same alert still sounds
  std::vector<Piece> coming;  ///< the next repeat of each alert
  std::vector<Ended> ended;
  TimePoint changes = kNever;
};
AlertScene look_at_alerts(const std::vector<Alert>& alerts, const History& history, TimePoint now,
                          int alert_volume, const std::vector<StockClip>& stock,
                          const std::vector<StockClip>& shipped);

}  // namespace loa::scheduler
