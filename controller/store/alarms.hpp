#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/store/session.hpp"

namespace loa::store {

/// What a person should look into. A new kind is added before `none` and in name_of, and has its text on the page
/// (controller/web/src/lib/answers.ts) and its word in openapi.yaml.
enum class AlarmKind {
  revision_ahead,       ///< a node reports a plan revision more than a day above everything signed here
  node_signature,       ///< messages in a node's name that its key did not sign
  unknown_node,         ///< messages of a board that is not, or no longer, a node
  node_unheard,         ///< a node has said nothing for long
  broker_unreachable,   ///< the controller has no connection to the broker
  broker_files,         ///< the broker's files could not be written or did not go live
  clock_behind,         ///< the controller's clock is behind what it signed: nothing is signed
  signing,              ///< something could not be signed
  events_failed,        ///< events of the controller's loop failed
  key_lapses,           ///< a working key will soon sign no more
  certificate_lapses,   ///< a certificate, or the broker's CRL, will soon end
  withheld,             ///< a node that speaks does not get what was sent to it
  bundle_used_twice,    ///< keys of a bundle were used after its board had made its own, or by a second board
  node_certificate_lapses,  ///< a board's certificate, or its bundle's, will soon end
  no_certificate_key,   ///< no working key may sign certificates: boards cannot make keys of their own
  on_hold,              ///< the controller publishes nothing after a restore, until an administrator ends that
  key_set_behind,       ///< nodes or broker hold a higher key set than the controller
  backup_old,           ///< the last good backup is old, or the last try failed
  store_damaged,        ///< the database is damaged, or its disk does not take what is written
  records_broken,       ///< a board's play records do not hang together, or it said two different things
  records_missing,      ///< a board that speaks does not send records that it has, or has lost them
  amplifier_silent,     ///< a board's amplifier is in fault, or nothing comes out of it while sound is sent
  on_battery,           ///< a board runs on its battery
  data_budget,          ///< a board has used more of its SIM than a month's budget
  safe_mode,            ///< a board died again and again and plays alerts alone
  node_disk,            ///< a board's disk is full or takes nothing
  none
};
const char* name_of(AlarmKind kind);

/// Every kind.
std::vector<AlarmKind> alarm_kinds();
/// Whether it tells of something that happened, and ends when a day has passed without another; the others tell of something
/// that lasts, and end with it.
bool is_event(AlarmKind kind);

/// What is to be told. `subject` is the node's id, or a word of the kind's own (a key's id, a certificate's name, `controller`).
struct NewAlarm {
  AlarmKind kind = AlarmKind::none;
  std::string subject;
  std::string area;    ///< whose readers see it; empty: of no branch, for those who answer for the whole tree
  std::string detail;  ///< one English sentence, of the last time
  std::int64_t count = 1;
  bool operator==(const NewAlarm&) const = default;
};

struct Alarm {
  std::string id;  ///< `m-` + random
  AlarmKind kind = AlarmKind::none;
  std::string subject;
  std::string area;
  std::string detail;
  TimePoint first;
  TimePoint last;
  std::int64_t count = 0;
  std::optional<TimePoint> ended;
  std::optional<TimePoint> acknowledged;
  std::string acknowledged_by;
};

/// More open ones of one kind than this share the subject kOthers.
inline constexpr int kMostOpenAlarms = 200;
inline constexpr const char* kOthers = "others";
/// Ended ones are kept this long.
inline constexpr std::chrono::hours kAlarmsKept{365 * 24};
/// An event that has not come again for this long has ended.
inline constexpr std::chrono::hours kEventLasts{24};

/// Tells of something once more: the open alarm of its kind and subject counts on, else there is a new one. The alarm as it is now.
Alarm raise_alarm(Transaction& transaction, const NewAlarm& alarm);
/// Ends the open alarm of this kind and subject; nothing where there is none.
std::optional<Alarm> end_alarm(Transaction& transaction, AlarmKind kind, const std::string& subject);
/// Makes the open alarms of `kind` those that hold now, one a subject: raises what is new, ends what is not there any more, and
/// keeps the rest with its new detail. Gives the ones raised and ended.
std::vector<Alarm> set_alarms(Transaction& transaction, AlarmKind kind, const std::vector<NewAlarm>& holding);
/// Ends events that have not come again, and forgets what ended long ago. Gives the ones ended.
std::vector<Alarm> sweep_alarms(Transaction& transaction);
/// Notes that the actor has seen it; again is harmless. Nothing where there is no such alarm.
std::optional<Alarm> acknowledge_alarm(Transaction& transaction, const std::string& id);

std::optional<Alarm> find_alarm(Session& session, const std::string& id);

/// Which alarms a list shows.
enum class AlarmState { open, unacknowledged, ended };
const char* name_of(AlarmState state);
struct AlarmFilter {
  std::vector<std::string> roots;   ///< branches that the reader may see
  bool unbound = false;             ///< those of no branch too
  std::optional<AlarmState> state;  ///< any where absent
  int limit = 50;
  std::optional<std::tuple<TimePoint, std::string>> after;  ///< begins behind the row with this last and id
};
/// Newest first, by the last time.
std::vector<Alarm> list_alarms(Session& session, const AlarmFilter& filter);
/// How many are open of each kind, those of which none is included.
std::map<AlarmKind, std::int64_t> count_open_alarms(Session& session);

}  // namespace loa::store
