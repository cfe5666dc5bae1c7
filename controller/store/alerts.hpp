#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/alert.hpp"

namespace loa::store {

/// An alert and who made it; a cancelled one stays listed until it would have expired.
struct AlertRow {
  scheduler::Alert alert;
  std::string creator;
  TimePoint created;
  std::optional<TimePoint> cancelled;
  std::string cancelled_by;
  bool operator==(const AlertRow&) const = default;
};

/// What was last signed for an area.
struct SnapshotRevision {
  std::string area;
  std::int64_t revision = 0;
  TimePoint issued;
};

/// False: no such area, or the id is taken.
bool add_alert(Transaction& transaction, const scheduler::Alert& alert);
/// Marks it cancelled, with message `cancel` and a revision above; false: none such, or cancelled before.
bool cancel_alert(Transaction& transaction, const std::string& id);
std::optional<AlertRow> find_alert(Session& session, const std::string& id);
/// Newest first, of the branches of `roots`; `active_at` leaves out what has expired or is cancelled.
std::vector<AlertRow> list_alerts(Session& session, const std::vector<std::string>& roots,
                                  std::optional<TimePoint> active_at = {}, int limit = 200);
/// What a snapshot of `area` holds: everything not yet expired at `now`, cancelled ones included, by sent.
std::vector<scheduler::Alert> alerts_of_area(Session& session, const std::string& area, TimePoint now);

/// Keeps what was signed; false where the revision is not above the last.
bool put_snapshot_revision(Transaction& transaction, const SnapshotRevision& revision);
std::optional<SnapshotRevision> find_snapshot_revision(Session& session, const std::string& area);
std::vector<SnapshotRevision> list_snapshot_revisions(Session& session);

}  // namespace loa::store
