#pragma once
#include <map>
#include <set>
#include <string>

#include "node-firmware/database.hpp"
#include "scheduler/history.hpp"
#include "scheduler/record.hpp"

namespace loa::node {

/// The playhead's history and the drafts of records, in `node.db`. Opening marks what sounded when the process ended as
/// restarted. The value is changed in memory and written by save(). Loop thread. Throws DatabaseError.
class HistoryStore {
 public:
  explicit HistoryStore(Database& database);

  scheduler::History& history() { return history_; }
  const scheduler::History& history() const { return history_; }

  /// The record of an occurrence so far, made when it began: it explains itself though plan and alert are gone.
  /// Null where there is none.
  scheduler::PlayRecord* draft(const std::string& occurrence_id);
  scheduler::PlayRecord& begin_draft(const std::string& occurrence_id, scheduler::PlayRecord draft);

  /// Writes every occurrence that changed since it was last written, and removes those that history has forgotten; those in
  /// `held_back` stay on disk as they were, because their record is not written yet. Within the caller's Transaction.
  void save(scheduler::TimePoint now, const std::set<std::string>& held_back = {});

  /// Whether the order `id` is new; then it is remembered as done until `expires`.
  bool first_time(const std::string& id, scheduler::TimePoint expires);
  /// Forgets order ids that expired more than a day before.
  void forget_orders(scheduler::TimePoint now);

 private:
  void write(const std::string& id, const scheduler::OccurrenceHistory& known, scheduler::TimePoint now);

  struct Written {
    scheduler::OccurrenceHistory known;
    scheduler::PlayRecord draft;
  };
  Database& database_;
  scheduler::History history_;
  std::map<std::string, scheduler::PlayRecord, std::less<>> drafts_;
  std::map<std::string, Written, std::less<>> written_;
};

}  // namespace loa::node
