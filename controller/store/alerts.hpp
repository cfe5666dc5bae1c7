#pragma once
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/alert.hpp"

namespace loa::store {

/// `pending`: prepared, not confirmed; nothing sounds. `ended`: it has expired.
enum class AlertState { pending, active, cancelled, ended };
const char* name_of(AlertState state);

/// How the clip of an alert's text stands.
enum class Speech {
  none,     ///< it has no text
  making,
  spoken,
  failed    ///< it sounds its stock clip alone
};
const char* name_of(Speech speech);

/// An alert and who made it; a cancelled one stays in its area's snapshot until it would have expired.
struct AlertRow {
  scheduler::Alert alert;  ///< while pending `sent` and `expires` mean nothing
  Millis lasts{0};         ///< from confirmation to expiry
  std::string token_hash;  ///< of the confirmation token, SHA-256 hex
  TimePoint confirm_before;
  std::string creator;
  TimePoint created;
  std::optional<TimePoint> confirmed;
  std::string confirmed_by;
  std::optional<TimePoint> cancelled;
  std::string cancelled_by;
  std::string script;          ///< text that its own clip speaks; empty: none
  Speech speech = Speech::none;
  std::string speech_problem;  ///< one sentence, where it failed
  bool operator==(const AlertRow&) const = default;
};
AlertState state_of(const AlertRow& row, TimePoint now);

/// What was last signed for an area.
struct SnapshotRevision {
  std::string area;
  std::int64_t revision = 0;
  TimePoint issued;
};

/// First step; takes alert, lasts, token_hash and confirm_before. False: no such area or clip, or the id is taken.
bool prepare_alert(Transaction& transaction, const AlertRow& row);
/// What came of the text of a pending alert: its clip, or why there is none. Where there are repeats, they are set apart so that kAlertPause stays between
/// them. False: none such, it is confirmed or cancelled already, or it waits for no clip.
bool set_alert_speech(Transaction& transaction, const std::string& id, const std::string& clip_sha256, const std::string& problem);
/// Pending alerts whose text has neither become a clip nor failed.
std::vector<std::string> list_alerts_being_spoken(Session& session);
/// The longest that one sounding of `alert` can last on any node of its area, its own clip coming last: areas below may have longer stock clips of their own.
Millis longest_sounding(Session& session, const scheduler::Alert& alert);
/// From the end of one sounding to the next.
inline constexpr Millis kAlertPause = std::chrono::seconds(10);
/// Second step: in force from now, and those that it references are cancelled. Nothing: none such pending, another token, or too late. It is in time by
/// when it was asked for, which may be before now: nobody is late because the controller had to wait.
std::optional<scheduler::Alert> confirm_alert(Transaction& transaction, const std::string& id, const std::string& token_hash,
                                              std::optional<TimePoint> asked = {});
/// Marks it cancelled, with message `cancel` and a revision above; false: none such, ended, or cancelled before.
bool cancel_alert(Transaction& transaction, const std::string& id);
/// As cancel_alert, but only while it is pending.
bool drop_alert(Transaction& transaction, const std::string& id);
/// Confirmed, not cancelled and not expired at `now`.
std::vector<scheduler::Alert> list_alerts_in_force(Session& session, TimePoint now);
std::optional<AlertRow> find_alert(Session& session, const std::string& id);

struct AlertFilter {
  std::vector<std::string> roots;  ///< branches that the reader may see
  std::optional<AlertState> state;
  int limit = 200;
  std::optional<std::tuple<TimePoint, std::string>> after;  ///< begins behind the row with this created and id
};
/// Newest first.
std::vector<AlertRow> list_alerts(Session& session, const AlertFilter& filter, TimePoint now);
/// What a snapshot of `area` holds: everything confirmed and not expired at `now`, cancelled ones included, by sent.
std::vector<scheduler::Alert> alerts_of_area(Session& session, const std::string& area, TimePoint now);
/// One that the snapshot of its area has to hold.
struct AlertToHold {
  std::string area;
  std::string id;
  std::int64_t revision = 0;
  scheduler::AlertMessage message = scheduler::AlertMessage::alert;
};
/// Those of all areas, by area and within it as alerts_of_area orders them.
std::vector<AlertToHold> list_alerts_to_hold(Session& session, TimePoint now);

/// Keeps what was signed; false where the revision is not above the last.
bool put_snapshot_revision(Transaction& transaction, const SnapshotRevision& revision);
std::optional<SnapshotRevision> find_snapshot_revision(Session& session, const std::string& area);
std::vector<SnapshotRevision> list_snapshot_revisions(Session& session);

}  // namespace loa::store
