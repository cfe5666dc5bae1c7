#include "controller/store/alarms.hpp"

#include <algorithm>
#include <set>

#include "controller/store/columns.hpp"
#include "protocol/random_id.hpp"

namespace loa::store {

const char* name_of(AlarmKind kind) {
  switch (kind) {
    case AlarmKind::revision_ahead: return "revision_ahead";
    case AlarmKind::node_signature: return "node_signature";
    case AlarmKind::unknown_node: return "unknown_node";
    case AlarmKind::node_unheard: return "node_unheard";
    case AlarmKind::broker_unreachable: return "broker_unreachable";
    case AlarmKind::broker_files: return "broker_files";
    case AlarmKind::clock_behind: return "clock_behind";
    case AlarmKind::signing: return "signing";
    case AlarmKind::events_failed: return "events_failed";
    case AlarmKind::key_lapses: return "key_lapses";
    case AlarmKind::certificate_lapses: return "certificate_lapses";
    case AlarmKind::withheld: return "withheld";
    case AlarmKind::bundle_used_twice: return "bundle_used_twice";
    case AlarmKind::node_certificate_lapses: return "node_certificate_lapses";
    case AlarmKind::no_certificate_key: return "no_certificate_key";
    case AlarmKind::on_hold: return "on_hold";
    case AlarmKind::key_set_behind: return "key_set_behind";
    case AlarmKind::backup_old: return "backup_old";
    case AlarmKind::store_damaged: return "store_damaged";
    case AlarmKind::records_broken: return "records_broken";
    case AlarmKind::records_missing: return "records_missing";
    case AlarmKind::amplifier_silent: return "amplifier_silent";
    case AlarmKind::on_battery: return "on_battery";
    case AlarmKind::data_budget: return "data_budget";
    case AlarmKind::safe_mode: return "safe_mode";
    case AlarmKind::node_disk: return "node_disk";
    case AlarmKind::none: break;
  }
  return "";
}

const char* name_of(AlarmState state) {
  switch (state) {
    case AlarmState::open: return "open";
    case AlarmState::unacknowledged: return "unacknowledged";
    case AlarmState::ended: return "ended";
  }
  return "";
}

std::vector<AlarmKind> alarm_kinds() {
  std::vector<AlarmKind> kinds;
  for (int i = 0; i < static_cast<int>(AlarmKind::none); ++i) kinds.push_back(static_cast<AlarmKind>(i));
  return kinds;
}

bool is_event(AlarmKind kind) {
  return kind == AlarmKind::revision_ahead || kind == AlarmKind::node_signature || kind == AlarmKind::unknown_node ||
         kind == AlarmKind::bundle_used_twice || kind == AlarmKind::records_broken;
}

template <>
inline constexpr AlarmKind sql::kLast<AlarmKind> = AlarmKind::none;

template <>
struct sql::Fields<Alarm> {
  static void visit(Columns& c, Alarm& alarm) {
    c("id", alarm.id);
    c("kind", alarm.kind);
    c("subject", alarm.subject);
    c("area", alarm.area);
    c("detail", alarm.detail);
    c("first", alarm.first);
    c("last", alarm.last);
    c("count", alarm.count);
    c("ended", alarm.ended);
    c("acknowledged", alarm.acknowledged);
    c("acknowledged_by", alarm.acknowledged_by);
  }
};

namespace {

// Outside words reach it, so a row stays small.
constexpr std::size_t kMostDetail = 500;

std::string short_text(std::string text) {
  if (text.size() <= kMostDetail) return text;
  text.resize(kMostDetail);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();  // no half a character
  if (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0) text.pop_back();
  return text;
}

std::vector<Alarm> open_of(Session& session, AlarmKind kind) {
  return sql::select<Alarm>(session, "from alarms where kind = :kind and ended is null order by subject", sql::params(kind));
}

std::optional<Alarm> open_one(Session& session, AlarmKind kind, const std::string& subject) {
  return sql::select_one<Alarm>(session, "from alarms where kind = :kind and subject = :subject and ended is null",
                                sql::params(kind, subject));
}

bool has_room(Session& session, AlarmKind kind) {
  return sql::value<int>(session, "select count(*) from alarms where kind = :kind and ended is null", sql::params(kind))
             .value_or(0) < kMostOpenAlarms;
}

Alarm add(Transaction& transaction, const NewAlarm& wanted) {
  Alarm alarm;
  alarm.id = protocol::random_id("m");
  alarm.kind = wanted.kind;
  alarm.subject = wanted.subject;
  alarm.area = wanted.area;
  alarm.detail = short_text(wanted.detail);
  alarm.first = alarm.last = transaction.now();
  alarm.count = wanted.count;
  sql::insert(transaction.session(), "alarms", alarm);
  return alarm;
}

void write(Transaction& transaction, const Alarm& alarm) {
  sql::update(transaction.session(), "alarms", alarm, "id = :id", sql::params(alarm.id));
}

void end(Transaction& transaction, Alarm& alarm) {
  alarm.ended = transaction.now();
  write(transaction, alarm);
}

/// Those that get a row of their own: what has one already first, then the rest up to the bound, which leaves a row for the others.
std::vector<NewAlarm> bounded(const std::vector<NewAlarm>& holding, const std::vector<Alarm>& open) {
  if (holding.size() < static_cast<std::size_t>(kMostOpenAlarms)) return holding;
  std::set<std::string> known;
  for (const auto& alarm : open) known.insert(alarm.subject);
  auto all = holding;
  std::stable_partition(all.begin(), all.end(), [&](const auto& alarm) { return known.contains(alarm.subject); });
  NewAlarm others{all.front().kind, kOthers, {}, {}, static_cast<std::int64_t>(all.size()) - (kMostOpenAlarms - 1)};
  others.detail = std::to_string(others.count) + " more";
  all.resize(kMostOpenAlarms - 1);
  all.push_back(std::move(others));
  return all;
}

}  // namespace

Alarm raise_alarm(Transaction& transaction, const NewAlarm& wanted) {
  auto& session = transaction.session();
  NewAlarm alarm = wanted;
  auto held = open_one(session, alarm.kind, alarm.subject);
  if (!held && !has_room(session, alarm.kind)) {
    alarm.subject = kOthers;
    alarm.area.clear();
    held = open_one(session, alarm.kind, alarm.subject);
  }
  if (!held) return add(transaction, alarm);
  held->last = transaction.now();
  held->count += alarm.count;
  held->detail = short_text(alarm.detail);
  held->area = alarm.area;
  write(transaction, *held);
  return *held;
}

std::optional<Alarm> end_alarm(Transaction& transaction, AlarmKind kind, const std::string& subject) {
  auto held = open_one(transaction.session(), kind, subject);
  if (held) end(transaction, *held);
  return held;
}

std::vector<Alarm> set_alarms(Transaction& transaction, AlarmKind kind, const std::vector<NewAlarm>& holding) {
  std::map<std::string, Alarm> open;
  const auto held = open_of(transaction.session(), kind);
  for (const auto& alarm : held) open[alarm.subject] = alarm;
  std::vector<Alarm> changed;
  for (const auto& wanted : bounded(holding, held)) {
    auto known = open.extract(wanted.subject);
    if (known.empty()) {
      changed.push_back(add(transaction, wanted));
      continue;
    }
    auto& alarm = known.mapped();
    const auto detail = short_text(wanted.detail);
    if (alarm.detail == detail && alarm.area == wanted.area && alarm.count == wanted.count) continue;
    alarm.detail = detail;
    alarm.area = wanted.area;
    alarm.count = wanted.count;
    alarm.last = transaction.now();
    write(transaction, alarm);
  }
  for (auto& [subject, alarm] : open) {
    end(transaction, alarm);
    changed.push_back(alarm);
  }
  return changed;
}

std::vector<Alarm> sweep_alarms(Transaction& transaction) {
  auto& session = transaction.session();
  std::vector<Alarm> ended;
  for (const auto kind : alarm_kinds()) {
    if (!is_event(kind)) continue;
    for (auto& alarm : open_of(session, kind)) {
      if (transaction.now() - alarm.last < kEventLasts) continue;
      end(transaction, alarm);
      ended.push_back(alarm);
    }
  }
  sql::execute(session, "delete from alarms where ended < :before", sql::params(transaction.now() - kAlarmsKept));
  return ended;
}

std::optional<Alarm> acknowledge_alarm(Transaction& transaction, const std::string& id) {
  auto held = find_alarm(transaction.session(), id);
  if (!held || held->acknowledged) return held;
  held->acknowledged = transaction.now();
  held->acknowledged_by = transaction.actor().user;
  write(transaction, *held);
  transaction.audit("acknowledge", "alarm", id, held->area, std::string(name_of(held->kind)) + " " + held->subject);
  return held;
}

std::optional<Alarm> find_alarm(Session& session, const std::string& id) {
  return sql::select_one<Alarm>(session, "from alarms where id = :id", sql::params(id));
}

std::vector<Alarm> list_alarms(Session& session, const AlarmFilter& filter) {
  std::string where = " where (area in (select id from branch)";
  where += filter.unbound ? " or area = '')" : ")";
  if (filter.state == AlarmState::open) where += " and ended is null";
  if (filter.state == AlarmState::ended) where += " and ended is not null";
  if (filter.state == AlarmState::unacknowledged) where += " and acknowledged is null";
  auto parameters = sql::params(sql::roots_text(filter.roots));
  where += sql::after(filter.after, "last, id", "<", parameters);
  return sql::select_text<Alarm>(session,
                                 sql::kBranch + "select " + sql::columns_of<Alarm>() + " from alarms" + where +
                                     " order by last desc, id desc" + sql::limit(filter.limit),
                                 std::move(parameters));
}

std::map<AlarmKind, std::int64_t> count_open_alarms(Session& session) {
  std::map<AlarmKind, std::int64_t> counts;
  for (const auto kind : alarm_kinds()) counts[kind] = 0;
  for (const auto& word : sql::values<std::string>(session, "select kind from alarms where ended is null"))
    ++counts[sql::parse<AlarmKind>(word)];
  return counts;
}

}  // namespace loa::store
