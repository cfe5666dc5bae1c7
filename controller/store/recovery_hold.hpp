#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/alert.hpp"

namespace loa::store {

/// A controller on hold: its database may be older than what it last published, so it publishes nothing until a person has looked (docs/recovery.md).
/// Not to be confused with Hold, the lock of the program that serves a database.
struct RecoveryHold {
  std::int64_t number = 0;
  TimePoint begun;
  std::string reason;                   ///< one English sentence
  std::optional<TimePoint> backup_made; ///< where a backup was restored: the moment that it holds
  std::optional<TimePoint> ended;
  std::string ended_by;
};

/// Begins one; its number. An open one ends with it (of a backup made during a hold, or where a database is found to be older once more): what was
/// kept in it says nothing of the time since, what it found and nobody has looked at goes over. What let people in at the backup's time is forgotten
/// (forget_sign_ins): some of it may have been ended since.
std::int64_t begin_recovery_hold(Transaction& transaction, const std::string& reason, std::optional<TimePoint> backup_made);
/// The open one.
std::optional<RecoveryHold> find_recovery_hold(Session& session);
/// The newest one where it has ended and nobody has signed everything anew since: it was ended while the controller was stopped, or the controller was
/// killed meanwhile.
std::optional<RecoveryHold> find_unfinished_hold(Session& session);
/// Everything was signed anew after the end of the hold of this number.
void finish_recovery_hold(Transaction& transaction, std::int64_t number);
/// Something that was found at the beginning of the open hold.
struct HoldNote {
  std::string kind;  ///< `revoked_node`, `revoked_certificate`, `unknown_node`, `no_broker_files`, `revoked_token`, `recovery_codes`, `accounts`
  std::string id;    ///< of node, certificate (serial), token or user
  std::string detail;
};
/// Notes it once; false where no hold is open.
bool add_hold_note(Transaction& transaction, const HoldNote& note);
/// Those of the open hold, by kind and id.
std::vector<HoldNote> list_hold_notes(Session& session);

/// Adds an alert that the broker retains, signed, and the store does not know, as it stands there, so that it can be kept; false where its area or clip
/// is not known.
bool adopt_alert(Transaction& transaction, const scheduler::Alert& alert);
/// Marks an alert as one that goes on after the open hold, above the revision `seen` that nodes or broker were found to hold of it; false where none
/// is open or the alert is not in force.
bool keep_alert(Transaction& transaction, const std::string& alert, std::int64_t seen);
/// The alerts so marked.
std::vector<std::string> list_kept_alerts(Session& session);
/// Ends the open one, and with it every alert that is in force and was not kept. The areas whose alerts that changed; nothing where none is open.
std::optional<std::vector<std::string>> end_recovery_hold(Transaction& transaction);

}  // namespace loa::store
