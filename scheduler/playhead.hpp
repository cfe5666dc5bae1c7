#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/alert.hpp"
#include "scheduler/plan.hpp"
#include "scheduler/record.hpp"

namespace loa::scheduler {

/// What is already known of one occurrence on this node.
struct OccurrenceHistory {
  std::optional<Outcome> outcome;  ///< once set the occurrence never sounds again
  Millis heard{0};                 ///< how far it was heard, as an offset into its items
  std::optional<TimePoint> first_started;
  bool interrupted = false;        ///< was cut by something above it, and may come back
  std::string interrupted_by;
  bool restarted = false;          ///< the node restarted while it sounded
};

/// Everything `at` needs that is neither plan nor alert nor time. A value: the node keeps it on disk, a preview passes an
/// empty one with all clips playable.
struct History {
  std::map<std::string, OccurrenceHistory, std::less<>> occurrences;
  std::map<std::string, bool, std::less<>> playable;  ///< by SHA-256; a clip not named is `playable_by_default`
  bool playable_by_default = false;
  bool is_playable(const std::string& sha256) const;
};

/// What the playhead points at: one item of one occurrence, or of one repeat of an alert.
struct Sounding {
  std::string occurrence_id;
  std::string alert_id;       ///< empty for a broadcast's
  Item item;                  ///< the item that sounds (a stock clip is a clip item)
  std::size_t item_index = 0; ///< its place in the list that is being played
  bool substitute = false;
  Millis item_offset{0};      ///< where in the item the sound is at `now`
  Millis occurrence_offset{0};///< where in the whole occurrence
  TimePoint started;          ///< when this item's offset 0 was, or would have been: now − item_offset
  TimePoint until;            ///< when this item ends or must stop
  int volume = 100;           ///< percent, everything multiplied in
  Class cls = Class::normal;
  std::string interrupts;     ///< occurrence id that it holds back, else empty
  bool operator==(const Sounding&) const = default;
};

/// An occurrence that ends at `now` without sounding further, and why.
struct Ended {
  std::string occurrence_id;
  std::string alert_id;
  Outcome outcome = Outcome::skipped;
  std::string reason;
  std::string by;             ///< what stood in its way, where something did
  bool operator==(const Ended&) const = default;
};

/// The answer of `at`.
struct Decision {
  std::optional<Sounding> sounding;   ///< nothing: silence
  std::optional<Sounding> next;       ///< what should be prerolled: starts at `next->started`
  std::vector<Ended> ended;           ///< to be recorded once; not repeated when history says so
  std::optional<TimePoint> wake;      ///< ask again no later than this
};

/// What must sound at `now` on the node that holds `plan` and `alerts`.
/// Pure: the same arguments give the same answer; no argument may be null except an absent plan.
/// Past the plan's expiry only alerts sound. Promise 5: nothing sounds that no argument names.
Decision at(const Plan* plan, const std::vector<Alert>& alerts, const History& history, TimePoint now);

}  // namespace loa::scheduler
