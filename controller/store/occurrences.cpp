#include "controller/store/occurrences.hpp"

#include <map>

#include "controller/store/record_columns.hpp"
#include "protocol/messages.hpp"

namespace loa::store {

const char* name_of(OccurrenceStatus status) {
  switch (status) {
    case OccurrenceStatus::waiting: return "waiting";
    case OccurrenceStatus::playing: return "playing";
    case OccurrenceStatus::played: return "played";
    case OccurrenceStatus::partial: return "partial";
    case OccurrenceStatus::failed: return "failed";
    case OccurrenceStatus::skipped: return "skipped";
    case OccurrenceStatus::cancelled: return "cancelled";
    case OccurrenceStatus::unreported: return "unreported";
  }
  return "";
}

const char* name_of(Known known) {
  switch (known) {
    case Known::nothing: return "";
    case Known::not_reached: return "not_reached";
    case Known::plan_not_held: return "plan_not_held";
    case Known::node_gone: return "node_gone";
  }
  return "";
}

std::string OccurrenceRow::reason() const {
  if (record) return record->reason;
  if (!expected.veto.empty()) return expected.veto;
  return name_of(known);
}

namespace {

/// A row of the listing before its record is found.
struct Listed {
  OccurrenceRow row;
  bool has_record = false;
  std::optional<TimePoint> heard;  ///< when the node's newest state came
  std::string lifecycle;
  std::int64_t plan_held = 0;
  std::string sounding;
};

}  // namespace

template <>
struct sql::Fields<Listed> {
  static void visit(Columns& c, Listed& l) {
    auto& e = l.row.expected;
    c("id", e.id);
    c("node", e.node);
    c("broadcast", e.broadcast);
    c("alert", e.alert);
    c("programme", e.programme);
    c("title", e.title);
    c("class", e.cls);
    c("due", e.due);
    c("duration_ms", e.duration);
    c("revision", e.revision);
    c("veto", e.veto);
    c("plain_http", e.plain_http);
    c("area", l.row.area);
    c("code", l.row.node_code);
    c("name", l.row.node_name);
    std::optional<std::string> log_id, lifecycle, sounding;
    std::optional<std::int64_t> plan_held;
    c("log_id", log_id);
    c("received", l.heard);
    c("lifecycle", lifecycle);
    c("plan_held", plan_held);
    c("sounding", sounding);
    l.has_record = log_id.has_value();
    l.lifecycle = lifecycle.value_or("");
    l.plan_held = plan_held.value_or(0);
    l.sounding = sounding.value_or("");
  }
};

namespace {

const char* const kColumns =
    "o.id, o.node, o.broadcast, o.alert, o.programme, o.title, o.class, o.due, o.duration_ms, o.revision, o.veto, o.plain_http, o.area,"
    " coalesce(n.code, '') as code, coalesce(n.name, '') as name, o.log_id, s.received, s.lifecycle, s.plan_held, s.sounding";

const char* const kWhere =
    " where o.area in (select id from branch) and o.due >= :from and o.due < :until"
    " and (o.withdrawn = 0 or o.log_id is not null) and (:any_node = '' or o.node in (select a.id from nodes a join nodes b on a.code = b.code where b.id = :node))"
    " and (:any_broadcast = '' or o.broadcast = :broadcast) and (:any_alert = '' or o.alert = :alert)";

// What both statements of a listing choose from `occurrences o`.
struct Choice {
  std::vector<sql::Cell> parameters;
  std::string text;
};

Choice choice_of(const OccurrenceFilter& f) {
  Choice choice;
  choice.parameters =
      sql::params(sql::roots_text(f.roots), f.from, f.until, f.node, f.node, f.broadcast, f.broadcast, f.alert, f.alert);
  const std::string down = f.newest_first ? " desc" : "";
  choice.text = kWhere + sql::after(f.after, "o.due, o.node, o.id", f.newest_first ? "<" : ">", choice.parameters);
  choice.text += " order by o.due" + down + ", o.node" + down + ", o.id" + down + sql::limit(f.limit);
  return choice;
}

OccurrenceStatus status_of(scheduler::Outcome outcome) {
  switch (outcome) {
    case scheduler::Outcome::played: return OccurrenceStatus::played;
    case scheduler::Outcome::partial: return OccurrenceStatus::partial;
    case scheduler::Outcome::failed: return OccurrenceStatus::failed;
    case scheduler::Outcome::skipped: return OccurrenceStatus::skipped;
    case scheduler::Outcome::cancelled: return OccurrenceStatus::cancelled;
  }
  return OccurrenceStatus::unreported;
}

Known known_of(const Listed& listed) {
  const auto& expected = listed.row.expected;
  if (!listed.heard) return Known::not_reached;
  if (listed.lifecycle == protocol::name_of(protocol::Lifecycle::gone)) return Known::node_gone;
  if (listed.plan_held < expected.revision) return Known::plan_not_held;
  if (*listed.heard < expected.due + kReportGrace) return Known::not_reached;
  return Known::nothing;
}

// The node's word decides, never the clock alone (promise 2).
void judge(Listed& listed, TimePoint now) {
  auto& row = listed.row;
  const auto& expected = row.expected;
  if (row.record)
    row.status = status_of(row.record->outcome);
  else if (!expected.veto.empty())
    row.status = OccurrenceStatus::skipped;
  else if (listed.sounding == expected.id && listed.lifecycle != protocol::name_of(protocol::Lifecycle::gone) &&
           now < expected.due + expected.duration + kReportGrace)
    row.status = OccurrenceStatus::playing;
  else if (now < expected.due + kReportGrace)
    row.status = OccurrenceStatus::waiting;
  else {
    row.status = OccurrenceStatus::unreported;
    row.known = known_of(listed);
  }
}

const char* const kInserted =
    "(node, id, area, broadcast, alert, programme, title, class, due, duration_ms, revision, veto, withdrawn, plain_http)";
const char* const kAgain =
    " on conflict (node, id) do update set area = excluded.area, title = excluded.title, class = excluded.class, due = excluded.due,"
    " duration_ms = excluded.duration_ms, veto = excluded.veto, withdrawn = 0, plain_http = excluded.plain_http,"
    " revision = case when occurrences.withdrawn = 0 then occurrences.revision else excluded.revision end"
    " where occurrences.log_id is null";

void insert(Session& session, const Expected& e, const std::string& area) {
  sql::execute(session,
               std::string("insert into occurrences ") + kInserted +
                   " values (:node, :id, :area, :broadcast, :alert, :programme, :title, :class, :due, :duration, :revision, :veto, 0, :plain_http)" + kAgain,
               sql::params(e.node, e.id, area, e.broadcast, e.alert, e.programme, e.title, e.cls, e.due, e.duration,
                           e.revision, e.veto, e.plain_http));
}

std::string area_of(Session& session, const std::string& node) {
  return sql::value<std::string>(session, "select area from nodes where id = :id", sql::params(node)).value_or("");
}

}  // namespace

void expect_plan(Transaction& transaction, const std::string& node, const std::vector<Expected>& expected) {
  auto& session = transaction.session();
  const auto area = area_of(session, node);
  std::map<std::string, bool> wanted;
  for (const auto& one : expected) {
    wanted[one.id] = true;
    insert(session, one, area);
  }
  // After the inserts, so that the revision that first held an occurrence is kept where it stays in the plan.
  for (const auto& id : sql::values<std::string>(session,
                                                 "select id from occurrences where node = :node and alert = ''"
                                                 " and due > :now and withdrawn = 0 and log_id is null",
                                                 sql::params(node, transaction.now())))
    if (!wanted.contains(id))
      sql::execute(session, "update occurrences set withdrawn = 1 where node = :node and id = :id", sql::params(node, id));
}

std::int64_t expect_below(Transaction& transaction, const std::string& area, const Expected& e) {
  return sql::execute(transaction.session(),
                      sql::kBranch + "insert into occurrences " + kInserted +
                          " select n.id, :id, n.area, :broadcast, :alert, :programme, :title, :class, :due, :duration, :revision, :veto, 0, 0"
                          " from nodes n where n.retired is null and n.area in (select id from branch)" + kAgain,
                      sql::params(sql::roots_text({area}), e.id, e.broadcast, e.alert, e.programme, e.title, e.cls, e.due, e.duration, e.revision, e.veto));
}

void withdraw_alert(Transaction& transaction, const std::string& alert) {
  sql::execute(transaction.session(),
               "update occurrences set withdrawn = 1 where alert = :alert and due > :now and log_id is null",
               sql::params(alert, transaction.now()));
}

std::vector<OccurrenceRow> list_occurrences(Session& session, const OccurrenceFilter& filter, TimePoint now) {
  const auto choice = choice_of(filter);
  auto listed = sql::select_text<Listed>(
      session,
      sql::kBranch + "select " + kColumns +
          " from occurrences o left join nodes n on n.id = o.node left join node_states s on s.node = o.node" + choice.text,
      choice.parameters);
  auto records = sql::select_text<RecordRow>(
      session,
      sql::kBranch + "select " + sql::columns_of<RecordRow>("r") +
          " from (select o.node, o.log_id, o.number from occurrences o" + choice.text +
          ") x join play_records r on r.node = x.node and r.log_id = x.log_id and r.number = x.number",
      choice.parameters);
  std::map<std::pair<std::string, std::string>, scheduler::PlayRecord> by_id;
  for (auto& record : records) by_id.emplace(std::pair(record.node, record.record.occurrence_id), std::move(record.record));

  std::vector<OccurrenceRow> rows;
  for (auto& one : listed) {
    const auto found = by_id.find({one.row.expected.node, one.row.expected.id});
    if (one.has_record && found != by_id.end()) one.row.record = std::move(found->second);
    judge(one, now);
    rows.push_back(std::move(one.row));
  }
  return rows;
}

}  // namespace loa::store
