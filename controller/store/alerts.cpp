#include "controller/store/alerts.hpp"

#include "controller/store/clips.hpp"
#include "controller/store/columns.hpp"

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

AlertState state_of(const AlertRow& row, TimePoint now) {
  if (row.cancelled) return AlertState::cancelled;
  if (!row.confirmed) return now < row.confirm_before ? AlertState::pending : AlertState::ended;
  return now < row.alert.expires ? AlertState::active : AlertState::ended;
}

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
  transaction.audit(action, "alert", row.alert.id, row.alert.area, row.alert.title);
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
  if (sql::insert(session, "alerts", added, "on conflict do nothing") == 0) return false;
  transaction.audit("prepare", "alert", alert.id, alert.area, alert.title);
  return true;
}

std::optional<scheduler::Alert> confirm_alert(Transaction& transaction, const std::string& id,
                                              const std::string& token_hash) {
  auto held = find_alert(transaction.session(), id);
  if (!held || state_of(*held, transaction.now()) != AlertState::pending || held->token_hash != token_hash)
    return std::nullopt;
  held->alert.sent = transaction.now();
  held->alert.expires = transaction.now() + held->lasts;
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
