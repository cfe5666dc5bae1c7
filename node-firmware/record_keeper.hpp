#pragma once
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "node-firmware/database.hpp"
#include "node-firmware/disk_health.hpp"
#include "node-firmware/history_store.hpp"
#include "node-firmware/kept_files.hpp"
#include "node-firmware/play_log.hpp"

namespace loa::node {

/// A database that turns out to be damaged is set aside, and another one begins in its place with all that memory and the damaged file still
/// give: what sounds does not notice, nothing sounds twice, and only records that were not acknowledged and cannot be read are lost.
///
/// Writes outcomes and their records to `node.db`, both or neither. What the disk refuses waits in memory, in its order and without a
/// number yet, and is written when the disk takes it again; only written records are ever sent, so that no number is given twice. Loop
/// thread; no failing disk throws from here.
class RecordKeeper {
 public:
  /// Records that may wait. Of more the oldest is dropped and counted: the controller shows its occurrence as unreported.
  static constexpr std::size_t kMostWaiting = 1000;

  /// `files`: where a damaged database is set aside; null: it stays as it is until the next start.
  RecordKeeper(Database& database, HistoryStore& history, PlayLog& log, DiskHealth& disk, KeptFiles* files = nullptr);

  /// The record of an occurrence whose outcome stands in history; save() follows.
  void take(scheduler::PlayRecord record);
  /// Writes all that changed, as HistoryStore::save says; true where nothing waits any more.
  bool save(scheduler::TimePoint now, const std::set<std::string>& held_back, bool all = false);
  std::size_t waiting() const { return waiting_.size(); }
  std::int64_t dropped() const { return dropped_; }

  /// Whether the order `id` is new, and can be remembered as done: where the disk refuses it is remembered until the program ends.
  struct NewOrder {
    bool is_new = false;
    bool kept = false;
  };
  NewOrder first_time(const std::string& id, scheduler::TimePoint expires);

  /// Runs one of PlayLog's or HistoryStore's own writes; what it leaves undone on a disk that refuses is done again by itself.
  void attempt(const std::function<void()>& write);
  /// What was lost since the last call, for the state.
  std::vector<Loss> take_losses();

 private:
  bool write(const char* writer, const std::function<void()>& write);
  bool heal();

  Database& database_;
  HistoryStore& history_;
  PlayLog& log_;
  DiskHealth& disk_;
  KeptFiles* files_;
  std::string damage_;       ///< what the last write found damaged; empty: nothing
  bool other_log_ = false;   ///< the log is still to be read from the database that is there now
  bool well_ = true;         ///< something was saved since a database was set aside
  std::vector<Loss> losses_;
  std::deque<scheduler::PlayRecord> waiting_;
  std::int64_t dropped_ = 0;
};

}  // namespace loa::node
