#include "controller/store/recovery_hold.hpp"

#include <algorithm>

#include "controller/store/alerts.hpp"
#include "controller/store/areas.hpp"
#include "controller/store/columns.hpp"
#include "controller/store/plans.hpp"
#include "controller/store/user_sessions.hpp"

namespace loa::store {

template <>
struct sql::Fields<RecoveryHold> {
  static void visit(Columns& c, RecoveryHold& hold) {
    c("number", hold.number);
    c("begun", hold.begun);
    c("reason", hold.reason);
    c("backup_made", hold.backup_made);
    c("ended", hold.ended);
    c("ended_by", hold.ended_by);
  }
};

template <>
struct sql::Fields<HoldNote> {
  static void visit(Columns& c, HoldNote& note) {
    c("kind", note.kind);
    c("id", note.id);
    c("detail", note.detail);
  }
};

namespace {

constexpr const char* kFinished = "finished_hold";

bool in_force(const AlertRow& row, TimePoint now) { return state_of(row, now) == AlertState::active; }

std::vector<std::string> alerts_in_force(Session& session, TimePoint now) {
  return sql::values<std::string>(session, "select id from alerts where cancelled is null and confirmed is not null and expires > :now order by id",
                                  sql::params(now));
}

void close_hold(Transaction& transaction, std::int64_t number) {
  sql::execute(transaction.session(), "update recovery_holds set ended = :now, ended_by = :by where number = :number",
               sql::params(transaction.now(), transaction.actor().user, number));
  transaction.audit("end", "hold", std::to_string(number));
}

}  // namespace

std::int64_t begin_recovery_hold(Transaction& transaction, const std::string& reason, std::optional<TimePoint> backup_made) {
  auto& session = transaction.session();
  const auto open = find_recovery_hold(session);
  RecoveryHold hold;
  hold.number = sql::value<std::int64_t>(session, "select coalesce(max(number), 0) + 1 from recovery_holds").value_or(1);
  hold.begun = transaction.now();
  hold.reason = reason;
  hold.backup_made = backup_made;
  if (open) close_hold(transaction, open->number);
  sql::insert(session, "recovery_holds", hold);
  transaction.audit("begin", "hold", std::to_string(hold.number), {}, reason);
  // That there were no broker's files was said of another start; whether there are is looked up anew.
  if (open)
    sql::execute(session, "insert into hold_notes (hold, kind, id, detail) select cast(:number as bigint), kind, id, detail from hold_notes where hold = :open and kind <> 'no_broker_files'",
                 sql::params(hold.number, open->number));
  forget_sign_ins(transaction);
  return hold.number;
}

std::optional<RecoveryHold> find_recovery_hold(Session& session) {
  return sql::select_one<RecoveryHold>(session, "from recovery_holds where ended is null order by number desc limit 1");
}

std::optional<RecoveryHold> find_unfinished_hold(Session& session) {
  auto newest = sql::select_one<RecoveryHold>(session, "from recovery_holds order by number desc limit 1");
  if (!newest || !newest->ended || newest->number <= find_mark(session, kFinished)) return std::nullopt;
  return newest;
}

void finish_recovery_hold(Transaction& transaction, std::int64_t number) { raise_mark(transaction, kFinished, number); }

bool add_hold_note(Transaction& transaction, const HoldNote& note) {
  auto& session = transaction.session();
  const auto hold = find_recovery_hold(session);
  if (!hold) return false;
  sql::execute(session, "insert into hold_notes (hold, kind, id, detail) values (:hold, :kind, :id, :detail) on conflict do nothing",
               sql::params(hold->number, note.kind, note.id, note.detail));
  return true;
}

std::vector<HoldNote> list_hold_notes(Session& session) {
  return sql::select<HoldNote>(
      session, "from hold_notes where hold = (select max(number) from recovery_holds where ended is null) order by kind, id");
}

bool adopt_alert(Transaction& transaction, const scheduler::Alert& alert) {
  AlertRow row;
  row.alert = alert;
  row.lasts = std::chrono::duration_cast<Millis>(alert.expires - alert.sent);
  row.confirm_before = transaction.now();
  if (!prepare_alert(transaction, row)) return false;
  sql::execute(transaction.session(),
               "update alerts set revision = :revision, confirmed = :sent, confirmed_by = :by where id = :id",
               sql::params(alert.revision, alert.sent, transaction.actor().user, alert.id));
  transaction.audit("adopt", "alert", alert.id, alert.area, alert.title);
  return true;
}

bool keep_alert(Transaction& transaction, const std::string& alert, std::int64_t seen) {
  auto& session = transaction.session();
  const auto hold = find_recovery_hold(session);
  const auto row = find_alert(session, alert);
  if (!hold || !row || !in_force(*row, transaction.now())) return false;
  sql::execute(session,
               "insert into kept_alerts (hold, alert, kept, kept_by) values (:hold, :alert, :kept, :by) on conflict do nothing",
               sql::params(hold->number, alert, transaction.now(), transaction.actor().user));
  if (seen > row->alert.revision)
    sql::execute(session, "update alerts set revision = :revision where id = :id", sql::params(seen + 1, alert));
  transaction.audit("keep", "alert", alert, row->alert.area, row->alert.title);
  return true;
}

std::vector<std::string> list_kept_alerts(Session& session) {
  return sql::values<std::string>(session,
                                  "select k.alert from kept_alerts k join recovery_holds h on h.number = k.hold where h.ended is null order by k.alert");
}

std::optional<std::vector<std::string>> end_recovery_hold(Transaction& transaction) {
  auto& session = transaction.session();
  const auto hold = find_recovery_hold(session);
  if (!hold) return std::nullopt;
  const auto kept = list_kept_alerts(session);
  std::vector<std::string> areas;
  for (const auto& id : alerts_in_force(session, transaction.now())) {
    if (std::find(kept.begin(), kept.end(), id) != kept.end()) continue;
    const auto area = find_alert(session, id)->alert.area;
    if (cancel_alert(transaction, id)) areas.push_back(area);
  }
  close_hold(transaction, hold->number);
  std::sort(areas.begin(), areas.end());
  areas.erase(std::unique(areas.begin(), areas.end()), areas.end());
  return areas;
}

}  // namespace loa::store
