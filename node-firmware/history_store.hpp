#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "node-firmware/database.hpp"
#include "scheduler/history.hpp"
#include "scheduler/record.hpp"

namespace loa::node {

/// The playhead's history and the drafts of records, in `node.db`. Opening marks what sounded when the process ended as
/// restarted. The value is changed in memory and written by save(). Loop thread. Throws DatabaseError.
class HistoryStore {
 public:
  explicit HistoryStore(Database& database);

  /// Whether nothing at all was kept, and nobody has settled what that means: on a board that has played before, what sounded is forgotten. Holds
  /// over restarts until settle().
  bool is_new() const { return new_; }
  /// What a lost history means is in the history now; written with it by the next save().
  void settle() { settled_ = true; }
  scheduler::History& history() { return history_; }
  const scheduler::History& history() const { return history_; }

  /// The record of an occurrence so far, made when it began: it explains itself though plan and alert are gone.
  /// Null where there is none.
  scheduler::PlayRecord* draft(const std::string& occurrence_id);
  scheduler::PlayRecord& begin_draft(const std::string& occurrence_id, scheduler::PlayRecord draft);

  /// Writes every occurrence that changed since it was last written, and removes those that history has forgotten; those in
  /// `held_back` stay on disk as they were, because their record is not written yet. Within the caller's Transaction; saved() follows its
  /// commit. How far something that sounds was heard is written when it has doubled, at 10 s first and each 60 s at the latest, or with
  /// `all`: that is how much of it a power cut can take.
  void save(scheduler::TimePoint now, const std::set<std::string>& held_back, bool all);
  /// What save() wrote is on disk.
  void saved();
  /// Whether save() would write anything.
  bool changed(const std::set<std::string>& held_back, bool all) const;

  /// Another, empty file is behind the Database now: save() writes everything again. With it go the ids of done orders that `orders` could save.
  void write_anew(std::map<std::string, scheduler::TimePoint> orders);
  /// What a damaged file still gives of the ids of done orders. Never throws DatabaseError.
  std::map<std::string, scheduler::TimePoint> rescue_orders() const;

  /// Whether the order `id` is new. Without a disk only this run's orders are known.
  bool is_new_order(const std::string& id) const;
  /// Remembers it as done until `expires`: of those that the disk refused the 256 that expire last.
  void order_done(const std::string& id, scheduler::TimePoint expires);
  /// Writes those that are not on disk yet, within the caller's Transaction; save() does it too.
  void save_orders();
  /// Forgets order ids that expired more than a day before.
  void forget_orders(scheduler::TimePoint now);

 private:
  bool differs(const std::string& id, const scheduler::OccurrenceHistory& known, bool all) const;
  void write(const std::string& id, const scheduler::OccurrenceHistory& known, scheduler::TimePoint now);
  scheduler::PlayRecord kept_draft(const std::string& id, const scheduler::OccurrenceHistory& known) const;

  struct Written {
    scheduler::OccurrenceHistory known;
    scheduler::PlayRecord draft;
  };
  Database& database_;
  bool new_ = false;
  bool settled_ = false;
  scheduler::History history_;
  std::map<std::string, scheduler::PlayRecord, std::less<>> drafts_;
  std::map<std::string, Written, std::less<>> written_;
  std::map<std::string, Written, std::less<>> pending_;  // by save(), until saved()
  std::vector<std::string> forgotten_;                   // the same
  std::map<std::string, scheduler::TimePoint> orders_;   // done, and not on disk
};

}  // namespace loa::node
