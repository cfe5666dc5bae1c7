#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node-firmware/node_clock.hpp"
#include "scheduler/time.hpp"

namespace loa::node {

/// What the messages of one key brought the node to know; it counts as long as the key does, so that numbers pushed sky-high with a
/// stolen key do not stand in the way of the next one.
struct KeyMarks {
  std::int64_t plan_highest = 0;                      ///< highest plan revision that a valid head named, or that was taken
  scheduler::TimePoint newest_signed;                 ///< newest issue time in anything whose signature held
  scheduler::TimePoint last_head_issued;              ///< heads must rise above it
  std::map<std::string, std::int64_t> alert_highest;  ///< by area: highest snapshot revision named or taken
  std::int64_t acked = 0;                             ///< records that it acknowledged
  scheduler::TimePoint last_ack_issued;               ///< epoch: it acknowledged nothing
  bool operator==(const KeyMarks&) const = default;
};

/// Of the plan's wanted settings what holds for alerts, for a node in safe mode, which leaves its plan unread.
struct AlertWishes {
  bool mute = false;
  int alert_volume = 100;  ///< percent
  std::string kid;         ///< who signed the plan
  bool operator==(const AlertWishes&) const = default;
};

/// What the node must never forget besides the signed messages that it holds.
struct Marks {
  std::map<std::string, KeyMarks> by_key;  ///< by kid; "": of a release that did not tell keys apart
  std::int64_t session_number = 0;         ///< of the last connect
  std::vector<std::string> areas;          ///< the chain in force, the province first; empty: the bundle's
  std::string head_kid;                    ///< who signed the last head taken
  std::optional<HeldOffset> clock;
  std::optional<AlertWishes> wishes;       ///< of the plan taken last; none: no plan is held
  bool operator==(const Marks&) const = default;

  // The highest of all keys that are in by_key.
  std::int64_t plan_highest() const;
  scheduler::TimePoint newest_signed() const;
  scheduler::TimePoint last_head_issued() const;
  std::int64_t alert_highest(const std::string& area) const;
  std::int64_t acked() const;
  scheduler::TimePoint last_ack_issued() const;
  /// Takes the areas that are not in `areas` out of every key's marks.
  void keep_areas();
};

/// Whether `now` must be on disk where `written` is: numbers and areas at once; issue times (of which the clock's floor is made) and
/// acknowledgements when they are six hours newer, for neither lets an old message count again: a head echoes a nonce of its own session, and records
/// that are sent once more are known to the controller.
bool worth_writing(const Marks& written, const Marks& now);

/// `marks` as it is written: the session's number rounded up to a multiple of 16, so that connecting costs a write each 16 times, and a start
/// goes on above every number that was used.
Marks to_write(Marks marks);

/// The text of `marks.json`, and what it says; read throws std::exception where it is not such a text. Marks of a release before
/// by_key come under the kid "". What an earlier release kept of key sets' issue times is left out: they are ordered by number, and a
/// machine with the root key whose clock was ahead would hold back the board's clock and its alerts for ever.
std::string write(const Marks& marks);
Marks read_marks(const std::string& text);

}  // namespace loa::node
