#pragma once
#include <optional>
#include <string>
#include <vector>

#include "scheduler/alert.hpp"
#include "scheduler/history.hpp"
#include "scheduler/plan.hpp"

namespace loa::scheduler {

// The playhead: what a node must do now, as a pure function of plan, alerts, history and time.
//
// Who sounds. Of all that is due, playable and without outcome: alerts (status actual) over alerts (exercise,
// test) over priority over normal. Among equals what sounds goes on; then the earlier due; then the smaller
// id. Only something above cuts what sounds.
//
// An occurrence is due from `due`.
//   LateRule::join: until due + duration it may start, at the offset of the clock.
//   LateRule::skip: until due + late_limit (inclusive) it may start, from its beginning.
// When that time has passed and it never started, it ends (reasons in this order):
//   failed: not_fetched  nothing of it is playable and nothing stands in
//   skipped: conflict    something else sounded (`by` names it)
//   skipped: clock_stepped  the clock was set forward over its due time (step_clock)
//   skipped: missed      the node was off, or got the plan too late
//
// A clock that is set. What sounds, and what was interrupted, keeps its place (shift_clock), so that a step neither cuts nor repeats a word.
// What a step forward passed over by no more than kStepGrace begins at its beginning all the same, whatever its rule: nobody was late.
// What it passed over by more follows its rule by the corrected clock.
//
// Items have fixed places in the occurrence, one after the other. Where a clip or stream is not playable, the
// playable substitutes sound in its place, in order, no longer than the place is; where none of them is
// playable either, the area's stock clip `settings.stand_in`, once, in the first such place. A substitute begun
// stays to the end of the place, so that a clip that breaks, or comes, in mid-play changes what sounds once; where
// it broke the substitutes begin from their beginning. What
// would sound for less than kShortest, because its place ends or most of it is over, is not begun. A clip is playable as history says; a stream is unless history says it is not, and
// never over plain HTTP where the plan does not mark it as allowed. An occurrence may start only where the
// item at its offset (or a substitute) is playable: so nothing is ever cut for silence (promise 4), and one
// whose clip is late joins when the clip is there. Once it sounds, items that are not playable are passed
// over at once (partial: not_playable).
//
// Interrupted by something above, `after_interrupt` decides when nothing above is left:
//   resume  goes on at the offset heard     join  goes on where it would be by now     restart  begins again
//   drop    ends at the moment of the cut (partial: interrupted)
// It may come back until kComeBack after its planned end; then, or when join finds nothing left, it ends
// partial: interrupted.
//
// Its end. When the last item is over it ends `played`, or `partial` with the first reason why not all of it
// was heard: late (it joined more than kJoinTolerance after its beginning), substituted (something stood in, for
// all of it or a part), interrupted (join, drop or
// restart lost or repeated a part), restarted (the node restarted), not_playable. The player may know more (a
// sink that failed): the caller then records that outcome instead.
//
// An alert sounds: tone (stock clip "tone"); of an exercise or test the words that say so (stock clip
// "exercise" or "test"); then its own clip, or its stock clip where its own is absent or not playable yet. The
// tone is left out where it is not playable, and the tone alone is enough. An exercise or test whose own words
// are not playable does not sound at all: nobody could tell it from an actual alert.
// An own clip that becomes playable after the stock words began sounds in the same occurrence, right after
// them or, where it takes longer, when it is there (an exercise or test says again that it is one): until then
// the occurrence is open and holds nothing back. That it never came ends it partial: not_fetched, when the
// next repeat is due, the alert expires, or kComeBack has passed since the stock words.
//
// Repeat n is due at sent + (n - 1) * repeat_every, the first at once even if `sent` is in this clock's future;
// n ends at `repeats`, and where that is 0 only with the alert. While the alert is in force (now < expires)
// the latest due repeat sounds, however late: a node that comes back half-way plays what is in force, at once.
// Earlier repeats are not made up (skipped: missed, or conflict; of more than kRepeatsLookedBack nothing is
// said); a repeat that has begun when the next is due goes on, and the next follows. Expired: the sound
// is cut (partial: expired), what never sounded is skipped: expired. Updated or cancelled (another alert
// names it in `references`; or its own message became cancel, or its revision rose): what sounds is cut at once, and
// that and what was due and had to wait is cancelled: updated or cancelled: cancelled. Interrupted by an actual
// alert, an exercise or test begins again afterwards.
//
// Mute ends everything: what sounds is partial: muted, what is or comes due is skipped: muted, alerts too.
// Past the plan's expiry broadcasts end (partial or skipped: plan_expired), alerts go on. Settings and stock
// of an expired plan stay in force. What began and is named by neither plan nor alerts ends cancelled:
// withdrawn (see succession.hpp for a new plan).
//
// Volume in percent: of an occurrence its own × (the volume_by_hour that holds now, else settings.volume) /
// 100; of an alert alert_volume.

/// How long after its planned end an interrupted occurrence may come back.
inline constexpr Millis kComeBack{30 * 60 * 1000};

/// When an occurrence that has no outcome yet can sound at the latest: until then its clips are of use.
TimePoint of_use_until(const Occurrence& occurrence);

/// What a clock that was set forward passed over by no more than this begins at its beginning: as far as a node's clock may be from
/// the controller's before it is corrected.
inline constexpr Millis kStepGrace{2000};

/// A start this much after the beginning is not yet `late`.
inline constexpr Millis kJoinTolerance{500};

/// Less than this of an item is not begun, unless it is all of the item.
inline constexpr Millis kShortest{2000};

/// How many of an alert's newest repeats get an outcome where they never sounded; older ones are not told of.
inline constexpr int kRepeatsLookedBack = 24;

/// The item of the stock clip `name`; nothing where neither `wanted` nor `shipped` has it.
std::optional<Item> stock_item(const std::string& name, const std::vector<StockClip>& wanted,
                               const std::vector<StockClip>& shipped);

/// From one repeat of the alert to the next: `repeat_every`, but at least a second.
Millis spacing_of(const Alert& alert);

/// The numbers of this alert's repeats that have begun, or had to wait when they were due, and have no outcome yet.
std::vector<int> open_repeats(const Alert& alert, const History& history);

/// What the playhead points at: one item of one occurrence, or of one repeat of an alert.
struct Sounding {
  std::string occurrence_id;
  std::string alert_id;         ///< empty for a broadcast's
  Item item;                    ///< the item that sounds (a stock clip is a clip item)
  std::size_t item_index = 0;   ///< its place in the items
  bool substitute = false;      ///< `item` stands in for the item of that place
  Millis rung_from{0};          ///< of a substitute: offset in the occurrence where those of its place began
  bool owed = false;            ///< of an alert: its own clip (or what is said before it) after its stock words
  Millis item_offset{0};        ///< where in the item the sound is at `now`
  Millis occurrence_offset{0};  ///< where in the whole occurrence
  TimePoint started;            ///< when this item's offset 0 was, or would have been: now − item_offset
  TimePoint until;              ///< when this item ends or must stop
  int volume = 100;             ///< percent, everything multiplied in
  Class cls = Class::normal;
  std::string interrupts;  ///< occurrence id that it holds back, else empty
  bool operator==(const Sounding&) const = default;
  TimePoint begins() const {
    return started + item_offset;
  }  ///< the moment that this value speaks of: `now`, or of `next` its start
};

/// An occurrence that ends at `now` without sounding further, and why.
struct Ended {
  std::string occurrence_id;
  std::string alert_id;
  Outcome outcome = Outcome::skipped;
  std::string reason;  ///< see above; empty for played
  std::string by;      ///< what stood in its way, where something did
  bool operator==(const Ended&) const = default;
};

/// An occurrence that is due, has not ended, and does not sound. One of an alert stands in history from then on, so that it gets its outcome
/// whatever becomes of the alert.
struct Waiting {
  std::string occurrence_id;
  std::string by;  ///< what sounds in its place; empty: it is not playable yet
  bool owed = false;  ///< of an alert: its stock words are over, and its own clip follows when it is there
  bool of_alert = false;
  bool operator==(const Waiting&) const = default;
};

/// The answer of `at`.
struct Decision {
  std::optional<Sounding> sounding;  ///< nothing: silence
  std::optional<Sounding> next;      ///< what should be prerolled: starts at `next->begins()`, in `item` at
                                     ///< `item_offset`, as far as is known now
  std::vector<Ended> ended;          ///< to be recorded once; not repeated when history says so
  std::vector<Waiting> waiting;
  std::optional<TimePoint> wake;  ///< ask again no later than this; always after `now`
  bool operator==(const Decision&) const = default;
};

/// What must sound at `now` on the node that holds `plan` and `alerts` (all alerts of all its areas'
/// snapshots). Pure: the same arguments give the same answer; `plan` may be null. `shipped` are stock clips
/// that came with the node, used where the plan's settings do not name one. Promise 5: nothing sounds that no
/// argument names. Ask again at `wake`, and whenever plan, alerts or what is playable have changed.
Decision at(const Plan* plan, const std::vector<Alert>& alerts, const History& history, TimePoint now,
            const std::vector<StockClip>& shipped = {});

/// Writes into `history` what `decision`, made from it at `now`, means: outcomes, what began, what was
/// interrupted and how far it was heard by the clock. The caller may correct `heard` by what the player
/// measured, and must have the records of `ended` on disk first.
void apply(History& history, const Decision& decision, TimePoint now);

}  // namespace loa::scheduler
