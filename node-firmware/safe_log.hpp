#pragma once
#include <memory>

#include "node-firmware/database.hpp"
#include "node-firmware/disk_health.hpp"
#include "node-firmware/history_store.hpp"
#include "node-firmware/kept_files.hpp"
#include "node-firmware/play_log.hpp"

namespace loa::node {

/// What the safe mode left in `safe.db`, for the normal mode: its play log, which is sent on under its own log id, so that nothing that was
/// sent in safe mode counts a second time; and what sounded and which orders were done there, which the normal mode takes as its own history.
/// Loop thread.
class SafeLog {
 public:
  /// Null where the safe mode never ran, or left nothing that can be read: that keeps no node from starting, and the next start tries again.
  /// What `into` took is written to `node_db` at once where the disk takes it.
  static std::unique_ptr<SafeLog> open(KeptFiles& files, DiskHealth& disk, HistoryStore& into, Database& node_db, scheduler::TimePoint now);

  PlayLog& log() { return log_; }

 private:
  explicit SafeLog(std::unique_ptr<Database> database) : database_(std::move(database)), log_(*database_) {}

  std::unique_ptr<Database> database_;
  PlayLog log_;
};

}  // namespace loa::node
