#include "controller/store/alerts.hpp"

#include <algorithm>

#include "controller/store/areas.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/columns.hpp"
#include "scheduler/playhead.hpp"

namespace loa::store {

const char* name_of(AlertState state) {
  switch (state) {
    case AlertState::pending: return "pending";
    case AlertState::active: return "active";
    case AlertState::cancelled: return "cancelled";
    case AlertState::ended: return "ended";
  }
  return "";
}

const char* name_of(Speech speech) {
  switch (speech) {
    case Speech::none: return "none";
    case Speech::making: return "making";
    case Speech::spoken: return "spoken";
    case Speech::failed: return "failed";
  }
  return "";
}

AlertState state_of(const AlertRow& row, TimePoint now) {
  if (row.cancelled) return AlertState::cancelled;
  if (!row.confirmed) return now < row.confirm_before ? AlertState::pending : AlertState::ended;
  return now < row.alert.expires ? AlertState::active : AlertState::ended;
}

template <>
inline constexpr Speech sql::kLast<Speech> = Speech::failed;

template <>
struct sql::Fields<AlertRow> {
  static void visit(Columns& c, AlertRow& row) {
    auto& a = row.alert;
    c("id", a.id);
    c("revision", a.revision);
    c("message", a.message);
    c("status", a.status);
    words(c, "refs", a.references);
    c("area", a.area);
    c("sent", a.sent);
    c("expires", a.expires);
    c("event", a.event);
    c("title", a.title);
    c("language", a.language);
    origin_columns(c, a.origin);
    c("stock_clip", a.stock_clip);
    clip(c, a.clip);
    c("repeats", a.repeats);
    c("repeat_every_ms", a.repeat_every);
    c("lasts_ms", row.lasts);
    c("token_hash", row.token_hash);
    c("confirm_before", row.confirm_before);
    c("creator", row.creator);
    c("created", row.created);
    c("confirmed", row.confirmed);
    c("confirmed_by", row.confirmed_by);
    c("cancelled", row.cancelled);
    c("cancelled_by", row.cancelled_by);
    c("script", row.script);
    c("speech", row.speech);
    c("speech_problem", row.speech_problem);
  }
  static void clip(Columns& c, std::optional<scheduler::Item>& item) {
    std::string sha256 = item ? item->sha256 : std::string();
    c("clip_sha256", Reference{sha256});
    if (!c.reading()) return;
    item.reset();
    if (!sha256.empty()) item.emplace().sha256 = sha256;
  }
};

template <>
struct sql::Fields<AlertToHold> {
  static void visit(Columns& c, AlertToHold& alert) {
    c("area", alert.area);
    c("id", alert.id);
    c("revision", alert.revision);
    c("message", alert.message);
  }
};

template <>
struct sql::Fields<SnapshotRevision> {
  static void visit(Columns& c, SnapshotRevision& revision) {
    c("area", revision.area);
    c("revision", revision.revision);
    c("issued", revision.issued);
  }
};

namespace {

// What it says, for the audit trail.
std::string words_of(const AlertRow& row) {
  if (row.alert.clip) return "clip " + row.alert.clip->sha256;
  const auto stock = "stock clip " + row.alert.stock_clip;
  return row.speech_problem.empty() ? stock : stock + ": " + row.speech_problem;
}

AlertRow with_clip(Session& session, AlertRow row) {
  if (row.alert.clip)
    if (const auto clip = find_clip(session, row.alert.clip->sha256)) {
      row.alert.clip->bytes = clip->bytes;
      row.alert.clip->duration = clip->duration;
    }
  return row;
}

void write(Transaction& transaction, const AlertRow& row, std::string_view action) {
  sql::update(transaction.session(), "alerts", row, "id = :id", sql::params(row.alert.id));
  std::string detail = row.alert.title;
  if (action != "cancel") detail += " (" + words_of(row) + ")";
  transaction.audit(action, "alert", row.alert.id, row.alert.area, detail);
}

// A state is a matter of the time, so the query says it in the words of state_of.
std::string in_state(AlertState state, TimePoint now) {
  const auto at = std::to_string(scheduler::to_ms(now));
  switch (state) {
    case AlertState::pending: return " and cancelled is null and confirmed is null and confirm_before > " + at;
    case AlertState::active: return " and cancelled is null and confirmed is not null and expires > " + at;
    case AlertState::cancelled: return " and cancelled is not null";
    case AlertState::ended:
      return " and cancelled is null and ((confirmed is null and confirm_before <= " + at +
             ") or (confirmed is not null and expires <= " + at + "))";
  }
  return "";
}

}  // namespace

bool prepare_alert(Transaction& transaction, const AlertRow& row) {
  auto& session = transaction.session();
  const auto& alert = row.alert;
  if (!sql::exists(session, "select 1 from areas where id = :id", sql::params(alert.area))) return false;
  if (alert.clip && !find_clip(session, alert.clip->sha256)) return false;
  AlertRow added = row;
  added.alert.revision = 1;
  added.created = transaction.now();
  added.creator = transaction.actor().user;
  added.confirmed.reset();
  added.cancelled.reset();
  added.speech = row.script.empty() ? Speech::none : Speech::making;
  if (sql::insert(session, "alerts", added, "on conflict do nothing") == 0) return false;
  transaction.audit("prepare", "alert", alert.id, alert.area, alert.title);
  return true;
}

Millis longest_sounding(Session& session, const scheduler::Alert& alert) {
  const auto stock = stock_clips_under(session, chain(session, alert.area));
  const auto own = list_area_stock_clips(session);
  const auto lasts = [&](const std::string& name) {
    const auto found = scheduler::stock_item(name, stock, {});
    auto longest = found ? found->duration : Millis{0};
    for (const auto& one : own)
      if (one.stock.name == name && is_within(session, one.area, {alert.area}))
        if (const auto clip = find_clip(session, one.stock.sha256)) longest = std::max(longest, clip->duration);
    return longest;
  };
  const bool actual = alert.status == scheduler::AlertStatus::actual;
  const Millis status = actual ? Millis{0} : lasts(scheduler::name_of(alert.status));
  const Millis stock_words = lasts("tone") + status + lasts(alert.stock_clip);
  return alert.clip ? stock_words + status + alert.clip->duration : stock_words;
}

bool set_alert_speech(Transaction& transaction, const std::string& id, const std::string& clip_sha256, const std::string& problem) {
  auto& session = transaction.session();
  auto held = find_alert(session, id);
  if (!held || held->confirmed || held->cancelled || held->speech != Speech::making) return false;
  const auto clip = find_clip(session, clip_sha256);
  held->speech = clip ? Speech::spoken : Speech::failed;
  held->speech_problem = clip ? "" : problem;
  if (clip) {
    held->alert.clip = scheduler::Item{.duration = clip->duration, .sha256 = clip->sha256, .bytes = clip->bytes};
    const auto longest = longest_sounding(session, held->alert);
    held->alert.repeat_every = std::max(held->alert.repeat_every, held->alert.repeats == 1 ? longest : longest + kAlertPause);
  }
  write(transaction, *held, "speak");
  return true;
}

std::vector<std::string> list_alerts_being_spoken(Session& session) {
  return sql::values<std::string>(session, "select id from alerts where speech = 'making' and confirmed is null and cancelled is null order by id");
}

std::optional<scheduler::Alert> confirm_alert(Transaction& transaction, const std::string& id,
                                              const std::string& token_hash, std::optional<TimePoint> asked) {
  auto held = find_alert(transaction.session(), id);
  if (!held || state_of(*held, asked.value_or(transaction.now())) != AlertState::pending || held->token_hash != token_hash)
    return std::nullopt;
  held->alert.sent = transaction.now();
  held->alert.expires = transaction.now() + held->lasts;
  if (held->speech == Speech::making) {
    held->speech = Speech::failed;
    held->speech_problem = "The speech was not ready in time.";
  }
  held->confirmed = transaction.now();
  held->confirmed_by = transaction.actor().user;
  write(transaction, *held, "confirm");
  for (const auto& other : held->alert.references) cancel_alert(transaction, other);
  return held->alert;
}

bool cancel_alert(Transaction& transaction, const std::string& id) {
  auto held = find_alert(transaction.session(), id);
  if (!held) return false;
  const auto state = state_of(*held, transaction.now());
  if (state != AlertState::pending && state != AlertState::active) return false;
  held->cancelled = transaction.now();
  held->cancelled_by = transaction.actor().user;
  held->alert.message = scheduler::AlertMessage::cancel;
  ++held->alert.revision;
  write(transaction, *held, "cancel");
  return true;
}

bool drop_alert(Transaction& transaction, const std::string& id) {
  const auto held = find_alert(transaction.session(), id);
  return held && state_of(*held, transaction.now()) == AlertState::pending && cancel_alert(transaction, id);
}

std::optional<AlertRow> find_alert(Session& session, const std::string& id) {
  auto found = sql::select_one<AlertRow>(session, "from alerts where id = :id", sql::params(id));
  if (!found) return std::nullopt;
  return with_clip(session, std::move(*found));
}

std::vector<AlertRow> list_alerts(Session& session, const AlertFilter& filter, TimePoint now) {
  auto parameters = sql::params(sql::roots_text(filter.roots));
  const auto after = sql::after(filter.after, "created, id", "<", parameters);
  auto found = sql::select_text<AlertRow>(session,
                                          sql::kBranch + "select " + sql::columns_of<AlertRow>() +
                                              " from alerts where area in (select id from branch)" +
                                              (filter.state ? in_state(*filter.state, now) : std::string()) +
                                              after + " order by created desc, id desc" + sql::limit(filter.limit),
                                          std::move(parameters));
  for (auto& row : found) row = with_clip(session, std::move(row));
  return found;
}

std::vector<scheduler::Alert> alerts_of_area(Session& session, const std::string& area, TimePoint now) {
  std::vector<scheduler::Alert> alerts;
  for (auto& row : sql::select<AlertRow>(session,
                                         "from alerts where area = :area and confirmed is not null and expires > :now"
                                         " order by sent, id",
                                         sql::params(area, now)))
    alerts.push_back(with_clip(session, std::move(row)).alert);
  return alerts;
}

std::vector<scheduler::Alert> list_alerts_in_force(Session& session, TimePoint now) {
  std::vector<scheduler::Alert> alerts;
  for (auto& row : sql::select<AlertRow>(session, "from alerts where confirmed is not null and cancelled is null and expires > :now order by sent, id",
                                         sql::params(now)))
    alerts.push_back(with_clip(session, std::move(row)).alert);
  return alerts;
}

std::vector<AlertToHold> list_alerts_to_hold(Session& session, TimePoint now) {
  return sql::select<AlertToHold>(session, "from alerts where confirmed is not null and expires > :now order by area, sent, id", sql::params(now));
}

bool put_snapshot_revision(Transaction& transaction, const SnapshotRevision& revision) {
  const auto held = find_snapshot_revision(transaction.session(), revision.area);
  if (held && revision.revision <= held->revision) return false;
  sql::insert(transaction.session(), "snapshot_revisions", revision, sql::or_replace<SnapshotRevision>("area"));
  return true;
}

std::optional<SnapshotRevision> find_snapshot_revision(Session& session, const std::string& area) {
  return sql::select_one<SnapshotRevision>(session, "from snapshot_revisions where area = :area", sql::params(area));
}

std::vector<SnapshotRevision> list_snapshot_revisions(Session& session) {
  return sql::select<SnapshotRevision>(session, "from snapshot_revisions order by area");
}

}  // namespace loa::store
