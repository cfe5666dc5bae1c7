#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "scheduler/record.hpp"

namespace loa::scheduler {

/// What is already known of one occurrence on this node.
/// Its life: waiting (entry absent, or only held_by; of an alert there from when it is due) → sounding (anchor set, not interrupted) ⇄ interrupted →
/// outcome.
struct OccurrenceHistory {
  std::optional<Outcome> outcome;  ///< once set the occurrence never sounds again
  Millis heard{0};                 ///< how far it was heard, as an offset into its items
  std::optional<TimePoint> first_started;
  std::optional<TimePoint>
      anchor;  ///< when its offset 0 was, or would have been, for the sounding now or the last one
  bool interrupted = false;    ///< was cut by something above it, and may come back
  std::string interrupted_by;  ///< the last that cut it
  bool restarted = false;      ///< the node restarted while it sounded
  std::string
      partial_reason;    ///< why not all of it was heard, the first reason; empty: nothing was missed so far
  int substituted = -1;  ///< place of the item that a substitute was begun for; stays with it to its end
  Millis substitute_from{0};  ///< where in the occurrence the substitutes of that place began
  bool owed = false;     ///< of an alert: its stock words are over, what sounds or is missing is its own clip
  std::string held_by;   ///< before it started: what sounds in its place
  Millis shifted{0};     ///< by how much the clock was set since it began
  bool stepped_over = false;  ///< before it started: the clock was set forward over its due time
  bool operator==(const OccurrenceHistory&) const = default;

  bool sounding() const { return anchor && !interrupted && !outcome; }
  bool open() const { return first_started && !outcome; }  ///< it began and has no outcome yet
};

/// Everything `at` needs that is neither plan nor alert nor time. A value: the node keeps it on disk, a
/// preview passes an empty one with all clips playable.
struct History {
  std::map<std::string, OccurrenceHistory, std::less<>> occurrences;
  std::map<std::string, bool, std::less<>>
      playable;  ///< by SHA-256 (clip) or address (stream); not named: `playable_by_default`
  bool playable_by_default = false;
  bool is_playable(const std::string& key) const;
  const OccurrenceHistory* find(const std::string& occurrence_id) const;  ///< null: nothing is known
};

/// To be called once when the node starts: what sounded when it stopped goes on at the offset of the clock,
/// and is `partial: restarted` in the end.
void mark_restarted(History& history);

/// To be called when the clock that gives `now` was set by `step` (later: positive): what sounds, and what
/// may join, keeps its place, for the sound itself never knew of the step.
void shift_clock(History& history, Millis step);
void shift_clock(OccurrenceHistory& known, Millis step);  ///< the same for one of them

/// The same for a clock that was trusted before, at `before` by its old reading: what a step forward of it passed over, and nobody missed,
/// may start late or ends skipped: clock_stepped (see playhead.hpp).
void step_clock(History& history, const Plan* plan, TimePoint before, Millis step);

}  // namespace loa::scheduler
