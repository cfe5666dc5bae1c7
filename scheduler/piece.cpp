#include "scheduler/piece.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace loa::scheduler {
namespace {

bool stream_allowed(const Item& item) {
  return item.url.starts_with("https://") || (item.plain_http_allowed && item.url.starts_with("http://"));
}

bool is_playable(const Item& item, const History& history) {
  switch (item.kind) {
    case ItemKind::pause:
      return true;
    case ItemKind::clip:
      return history.is_playable(item.sha256);
    case ItemKind::stream: {
      if (!stream_allowed(item)) return false;
      const auto known = history.playable.find(item.url);
      return known == history.playable.end() || known->second;
    }
  }
  return false;
}

// What would sound for a moment only, because its place ends or most of it is over, is not begun; the rest of what began is heard.
bool worth_beginning(const Piece& piece, const Slot& slot, Millis left) {
  const Millis from_its_beginning = slot.item_offset <= kJoinTolerance ? slot.item_offset : Millis{0};
  if (left + from_its_beginning >= std::min(kShortest, slot.item->duration)) return true;
  const bool goes_on = piece.history && piece.history->open() && slot.item_offset > kJoinTolerance;
  return goes_on && (piece.own_items || slot.substitute == (piece.history->substituted == static_cast<int>(slot.index)));
}

// Where in the occurrence the substitutes of a place begin: with the place, but for a clip that broke while it
// sounded, where it broke.
Millis rung_start(const Piece& piece, std::size_t place, Millis start, Millis offset) {
  const OccurrenceHistory* known = piece.history;
  if (!known) return start;
  if (known->substituted != static_cast<int>(place)) return known->sounding() ? offset : start;
  return known->substitute_from >= start && known->substitute_from <= offset ? known->substitute_from : start;
}

// Fills `slot` with what stands in for the item of the place: the playable substitutes in order.
bool substitute_at(const Piece& piece, Millis inside, const History& history, Slot& slot) {
  if (!piece.substitutes) return false;
  Millis passed{0};
  for (const Item& item : *piece.substitutes) {
    if (item.kind == ItemKind::pause || !is_playable(item, history)) continue;
    if (inside < passed + item.duration) {
      slot.item = &item;
      slot.substitute = true;
      slot.item_offset = inside - passed;
      slot.until = std::min(slot.rung_from + passed + item.duration, slot.place_end);
      return true;
    }
    passed += item.duration;
  }
  return false;
}

bool has_playable(const std::vector<Item>* items, const History& history) {
  return items && std::any_of(items->begin(), items->end(), [&](const Item& item) {
           return item.kind != ItemKind::pause && is_playable(item, history);
         });
}

// The area's announcement, where no substitute can sound: once, in the first place that lacks its item.
bool stand_in_at(const Piece& piece, Millis inside, const History& history, Slot& slot) {
  if (!piece.stand_in || !is_playable(*piece.stand_in, history)) return false;
  if (inside >= piece.stand_in->duration || has_playable(piece.substitutes, history)) return false;
  const bool begun = piece.history && piece.history->substituted == static_cast<int>(slot.index);
  const auto& items = piece.item_list();
  const auto place = items.begin() + static_cast<std::ptrdiff_t>(slot.index);
  if (!begun && std::any_of(items.begin(), place, [&](const Item& item) { return !is_playable(item, history); })) return false;
  slot.item = piece.stand_in;
  slot.substitute = true;
  slot.item_offset = inside;
  slot.until = std::min(slot.rung_from + piece.stand_in->duration, slot.place_end);
  return true;
}

void choose_rung(const Piece& piece, const Item& item, Millis start, Millis inside, const History& history,
                 Slot& slot) {
  const bool keep_substitute =
      piece.history && piece.history->substituted == static_cast<int>(slot.index) && !piece.own_items;
  const bool playable = is_playable(item, history);
  if (!playable || keep_substitute) {
    slot.rung_from = rung_start(piece, slot.index, start, start + inside);
    const Millis in_rung = start + inside - slot.rung_from;
    if (substitute_at(piece, in_rung, history, slot) || stand_in_at(piece, in_rung, history, slot)) return;
  }
  if (!playable) return;
  slot.item = &item;
  slot.item_offset = inside;
  slot.until = slot.place_end;
}

void fill(const Piece& piece, const Item& item, Millis start, Millis inside, const History& history,
          Slot& slot) {
  choose_rung(piece, item, start, inside, history, slot);
  if (!slot.item || slot.item->kind == ItemKind::pause) return;
  if (!worth_beginning(piece, slot, slot.until - start - inside)) slot.item = nullptr;
}

Standing over(Ended ended) { return {.ended = std::move(ended)}; }

Standing stand_at_end(const Piece& piece, const std::string& otherwise) {
  const std::string& known = piece.history->partial_reason;
  const std::string reason = known.empty() ? otherwise : known;
  Ended ended{piece.id, piece.alert_id, reason.empty() ? Outcome::played : Outcome::partial, reason, {}};
  if (reason == "interrupted") ended.by = piece.history->interrupted_by;
  return over(std::move(ended));
}

// The stock words of an alert are over: its own clip follows when it is there, while the wait is not too long.
Standing stand_owing(const Piece& piece, TimePoint now) {
  const TimePoint until = *piece.history->anchor + piece.owed_from + kComeBack;
  if (now >= until) return {.ended = end_owing(piece), .owing = true};
  const bool there = static_cast<int>(piece.item_list().size()) > piece.owes;
  return {.ready = there, .owing = true, .offset = piece.owed_from, .changes = until};
}

Standing stand_sounding(const Piece& piece, const History& history, TimePoint now) {
  const Millis clock = std::max(now - *piece.history->anchor, Millis{0});
  if (piece.item_list().empty()) return stand_at_end(piece, "not_playable");
  const bool waits = piece.owes >= 0 && static_cast<int>(piece.item_list().size()) == piece.owes;
  if (waits && piece.history->owed) return stand_at_end(piece, "not_playable");  // it broke while it sounded
  if (waits && clock >= piece.owed_from) return stand_owing(piece, now);
  if (clock >= piece.duration) return stand_at_end(piece, "");
  const auto offset = playable_from(piece, clock, history);
  if (!offset) return stand_at_end(piece, "not_playable");
  return {.ready = true, .offset = *offset, .changes = now + (piece.duration - *offset)};
}

Standing stand_interrupted(const Piece& piece, const History& history, TimePoint now) {
  Millis from{0};
  TimePoint until = piece.back_until;
  switch (piece.after) {
    case AfterInterrupt::resume:
      from = piece.history->heard;
      break;
    case AfterInterrupt::restart:
      break;
    case AfterInterrupt::join:
      from = std::max(now - *piece.history->anchor, Millis{0});
      until = std::min(until, *piece.history->anchor + piece.duration);
      break;
    case AfterInterrupt::drop:
      until = now;
      break;
  }
  if (piece.after == AfterInterrupt::resume && from >= piece.duration) return stand_at_end(piece, "");
  const auto offset = playable_from(piece, from, history);
  if (now >= until || !offset) return stand_at_end(piece, "interrupted");
  return {.ready = true, .offset = *offset, .changes = until};
}

Standing stand_waiting(const Piece& piece, const History& history, TimePoint now) {
  const bool stepped_over = piece.history && piece.history->stepped_over;
  const Millis grace = stepped_over ? kStepGrace : Millis{0};
  Millis lateness = std::max(now - piece.due, Millis{0});
  if (piece.late == LateRule::skip) {
    const Millis limit = std::max(piece.late_limit, grace);
    if (lateness > limit) return over(end_unheard(piece, history));
    const TimePoint last = piece.due + limit + Millis{1};
    // An alert's tone may be missing: it begins with what there is. A broadcast waits for its beginning.
    const auto offset = playable_from(piece, Millis{0}, history);
    const bool ready = offset && (piece.own_items || *offset == Millis{0});
    return {.ready = ready, .offset = offset.value_or(Millis{0}), .changes = last};
  }
  if (lateness <= grace) lateness = Millis{0};
  const auto slot = slot_at(piece, lateness, history);
  if (!slot) return over(end_unheard(piece, history));
  return {.ready = slot->item != nullptr,
          .offset = lateness,
          .changes = piece.due + (slot->item ? piece.duration : slot->place_end)};
}

}  // namespace

std::optional<Slot> slot_at(const Piece& piece, Millis offset, const History& history) {
  Millis start{0};
  const std::vector<Item>& items = piece.item_list();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Millis end = start + items[i].duration;
    if (offset < end) {
      Slot slot{.index = i, .until = end, .place_end = end};
      fill(piece, items[i], start, offset - start, history, slot);
      return slot;
    }
    start = end;
  }
  return {};
}

std::optional<Millis> playable_from(const Piece& piece, Millis offset, const History& history) {
  while (const auto slot = slot_at(piece, offset, history)) {
    if (slot->item) return offset;
    offset = slot->place_end;
  }
  return {};
}

Millis sounding_from(const Piece& piece, Millis offset, const History& history) {
  Millis sum{0};
  while (const auto slot = slot_at(piece, offset, history)) {
    if (slot->item) sum += slot->until - offset;
    offset = slot->item ? slot->until : slot->place_end;
  }
  return sum;
}

Standing stand(const Piece& piece, const History& history, TimePoint now) {
  if (piece.history && piece.history->sounding()) return stand_sounding(piece, history, now);
  if (piece.owes >= 0 && piece.history && piece.history->open() && piece.history->owed) return stand_owing(piece, now);
  if (piece.history && piece.history->open() && piece.history->anchor)
    return stand_interrupted(piece, history, now);
  return stand_waiting(piece, history, now);
}

Ended end_piece(const Piece& piece, std::string reason, Outcome unheard, std::string by) {
  const Outcome outcome = piece.started() && unheard == Outcome::skipped ? Outcome::partial : unheard;
  return {piece.id, piece.alert_id, outcome, std::move(reason), std::move(by)};
}

Ended end_unheard(const Piece& piece, const History& history) {
  if (!playable_from(piece, Millis{0}, history))
    return {piece.id, piece.alert_id, Outcome::failed, "not_fetched", {}};
  if (piece.history && !piece.history->held_by.empty())
    return {piece.id, piece.alert_id, Outcome::skipped, "conflict", piece.history->held_by};
  const bool stepped_over = piece.history && piece.history->stepped_over;
  return {piece.id, piece.alert_id, Outcome::skipped, stepped_over ? "clock_stepped" : "missed", {}};
}

Ended end_owing(const Piece& piece) {
  const bool there = static_cast<int>(piece.item_list().size()) > piece.owes;
  Ended ended = end_piece(piece, there ? "interrupted" : "not_fetched", Outcome::skipped);
  if (there) ended.by = piece.history->interrupted_by;
  return ended;
}

Sounding sound(const Piece& piece, Millis offset, TimePoint time, const History& history) {
  const auto slot = slot_at(piece, offset, history);
  assert(slot && slot->item);
  Sounding s;
  s.occurrence_id = piece.id;
  s.alert_id = piece.alert_id;
  s.item = *slot->item;
  s.item_index = slot->index;
  s.substitute = slot->substitute || piece.voice_place == static_cast<int>(slot->index);
  s.rung_from = slot->rung_from;
  s.owed = piece.owes >= 0 && piece.owes <= static_cast<int>(slot->index);
  s.item_offset = slot->item_offset;
  s.occurrence_offset = offset;
  s.started = time - slot->item_offset;
  s.until = std::min(time + (slot->until - offset), piece.stop);
  s.volume = piece.volume;
  s.cls = piece.cls;
  return s;
}

bool goes_before(const Piece& a, const Piece& b) {
  return std::make_tuple(-a.rank, !a.sounding(), a.due, std::string_view{a.id}) <
         std::make_tuple(-b.rank, !b.sounding(), b.due, std::string_view{b.id});
}

}  // namespace loa::scheduler
