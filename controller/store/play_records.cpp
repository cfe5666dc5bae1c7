#include "controller/store/play_records.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <set>

#include "controller/store/record_columns.hpp"

namespace loa::store {

template <>
struct sql::Fields<RecordView> {
  static void visit(Columns& c, RecordView& view) {
    sql::Fields<RecordRow>::visit(c, view.row);
    c("node_code", view.node_code);
    c("node_name", view.node_name);
    c("node_area", view.area);
    c("plain_http", view.plain_http);
  }
};

namespace {

const std::string kFirstPrevious(64, '0');

struct Position {
  std::int64_t complete_to = 0;
  std::int64_t highest = 0;
};

std::optional<std::string> hash_held(Session& session, const std::string& node, const std::string& log_id,
                                     std::int64_t number) {
  return sql::value<std::string>(session,
                                 "select hash from play_records where node = :node and log_id = :log and number = :number",
                                 sql::params(node, log_id, number));
}

Position position_of(Session& session, const std::string& node, const std::string& log_id) {
  const std::string tail = " from log_positions where node = :node and log_id = :log";
  Position position;
  position.complete_to = sql::value<std::int64_t>(session, "select complete_to" + tail, sql::params(node, log_id)).value_or(0);
  position.highest = sql::value<std::int64_t>(session, "select highest" + tail, sql::params(node, log_id)).value_or(0);
  return position;
}

void put_position(Session& session, const std::string& node, const std::string& log_id, const Position& position, TimePoint now) {
  sql::execute(session,
               "insert into log_positions (node, log_id, complete_to, highest) values (:node, :log, :to, :highest)"
               " on conflict (node, log_id) do update set complete_to = excluded.complete_to, highest = excluded.highest",
               sql::params(node, log_id, position.complete_to, position.highest));
  sql::execute(session,
               "update log_positions set lacking_since = case when complete_to < highest or complete_to < reported"
               " then coalesce(lacking_since, :now) end where node = :node and log_id = :log",
               sql::params(now, node, log_id));
}

// Rows may have come out of order: goes on over those that were there before the gap was filled.
std::int64_t advance(Session& session, const std::string& node, const std::string& log_id, std::int64_t from) {
  for (;;) {
    const auto numbers = sql::values<std::int64_t>(session,
                                                   "select number from play_records where node = :node and log_id = :log"
                                                   " and number > :from order by number limit 500",
                                                   sql::params(node, log_id, from));
    for (const auto number : numbers) {
      if (number != from + 1) return from;
      from = number;
    }
    if (numbers.size() < 500) return from;
  }
}

// The rows that came before the one they follow: now it is known whether they do. Gives how many do not.
std::int64_t judge_followers(Session& session, const std::string& node, const std::string& log_id, const std::map<std::int64_t, std::string>& added) {
  std::int64_t broken = 0;
  for (const auto& [number, hash] : added) {
    if (added.contains(number + 1)) continue;
    broken += sql::execute(session,
                           "update play_records set chain_ok = 0 where node = :node and log_id = :log and number = :next and chain_ok = 1"
                           " and previous_hash <> :hash",
                           sql::params(node, log_id, number + 1, hash));
  }
  return broken;
}

using Rows = std::vector<std::vector<sql::Cell>>;

// Numbers of the rows that were not there before.
std::set<std::int64_t> insert_new(Session& session, const Rows& rows) {
  static const auto names = sql::written(RecordRow{}).names;
  std::set<std::int64_t> added;
  const auto found = sql::insert_returning(session, "play_records", names, rows, "on conflict do nothing returning number", sql::params(0LL));
  for (const auto& row : found) added.insert(row[0].number);
  return added;
}

// The first record of an occurrence is its outcome; one that nobody expected makes its own row, so that it is shown too. A self-test's, which
// is of no broadcast and no alert, is the outcome of nothing: it stands among the records, and never among what was to be heard.
void settle(Session& session, const Rows& rows) {
  sql::insert_rows(session, "occurrences",
                   {"node", "id", "area", "broadcast", "alert", "programme", "title", "class", "due", "duration_ms", "revision", "veto", "withdrawn",
                    "log_id", "number"},
                   rows,
                   "on conflict (node, id) do update set log_id = excluded.log_id, number = excluded.number"
                   " where occurrences.log_id is null");
}

std::vector<sql::Cell> settling(const RecordRow& row, const std::string& area) {
  const auto& r = row.record;
  return sql::params(row.node, r.occurrence_id, area, r.broadcast_id, r.alert_id, r.programme_id, r.title, r.cls, r.due,
                     r.planned_ms, 0, "", 0, r.log_id, r.number);
}

}  // namespace

StoredBatch add_records(Transaction& transaction, const std::string& node,
                        const std::vector<scheduler::PlayRecord>& records, const std::vector<std::string>& hashes) {
  assert(records.size() == hashes.size());
  StoredBatch stored;
  if (records.empty()) return stored;
  auto& session = transaction.session();
  const auto& log_id = records.front().log_id;
  const auto area = sql::value<std::string>(session, "select area from nodes where id = :id", sql::params(node)).value_or("");
  auto position = position_of(session, node, log_id);

  std::vector<RecordRow> made;
  Rows rows;
  std::map<std::int64_t, std::string> seen;  // hashes of this batch: in the table only after it
  const auto hash_before = [&](std::int64_t number) -> std::optional<std::string> {
    if (number == 1) return kFirstPrevious;
    if (auto held = hash_held(session, node, log_id, number - 1)) return held;
    const auto found = seen.find(number - 1);
    return found != seen.end() ? std::optional(found->second) : std::nullopt;
  };
  std::optional<std::string> before;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& record = records[i];
    if (i == 0 || records[i - 1].number + 1 != record.number) before = hash_before(record.number);
    made.push_back({node, record, hashes[i], !before || *before == record.previous_hash, transaction.now()});
    rows.push_back(sql::written(made.back()).cells);
    before = hashes[i];
    seen.try_emplace(record.number, hashes[i]);
    position.highest = std::max(position.highest, record.number);
  }
  auto added = insert_new(session, rows);
  Rows outcomes;
  std::set<std::string> settled;
  std::map<std::int64_t, std::string> fresh;
  for (const auto& row : made) {
    if (added.erase(row.record.number) > 0) {
      ++stored.added;
      fresh.emplace(row.record.number, row.hash);
      if (!row.chain_ok) ++stored.broken_chain;
      const bool planned = !row.record.broadcast_id.empty() || !row.record.alert_id.empty();
      if (planned && settled.insert(row.record.occurrence_id).second) outcomes.push_back(settling(row, area));
    } else {
      ++stored.repeated;
      if (hash_held(session, node, log_id, row.record.number) != row.hash) ++stored.differing;
    }
  }
  stored.broken_chain += stored.differing + judge_followers(session, node, log_id, fresh);
  settle(session, outcomes);
  position.complete_to = advance(session, node, log_id, position.complete_to);
  put_position(session, node, log_id, position, transaction.now());
  stored.complete_to = position.complete_to;
  stored.highest = position.highest;
  return stored;
}

std::int64_t complete_to(Session& session, const std::string& node, const std::string& log_id) {
  return position_of(session, node, log_id).complete_to;
}

std::vector<RecordRow> list_records(Session& session, const std::string& node, const std::string& log_id,
                                    std::int64_t from_number, int limit) {
  return sql::select<RecordRow>(session,
                                "from play_records where node = :node and log_id = :log and number >= :from order by number" +
                                    sql::limit(limit),
                                sql::params(node, log_id, from_number));
}

std::vector<RecordView> list_records(Session& session, const RecordFilter& filter) {
  const std::string outcome = filter.outcome ? scheduler::name_of(*filter.outcome) : "";
  auto parameters = sql::params(sql::roots_text(filter.roots), filter.from, filter.until, filter.node, filter.node, filter.broadcast,
                                filter.broadcast, filter.programme, filter.programme, filter.alert, filter.alert, outcome, outcome);
  const auto after = sql::after(filter.after, "r.due, r.node, r.log_id, r.number", "<", parameters);
  return sql::select_text<RecordView>(
      session,
      sql::kBranch + "select " + sql::columns_of<RecordRow>("r") +
          ", n.code, n.name, n.area, coalesce(o.plain_http, 0) from play_records r join nodes n on n.id = r.node"
          " left join occurrences o on o.node = r.node and o.id = r.occurrence"
          " where n.area in (select id from branch) and r.due >= :from and r.due < :until"
          " and (:any_node = '' or n.code in (select code from nodes where id = :node)) and (:any_broadcast = '' or r.broadcast = :broadcast)"
          " and (:any_programme = '' or r.programme = :programme) and (:any_alert = '' or r.alert = :alert)"
          " and (:any_outcome = '' or r.outcome = :outcome)" + after +
          " order by r.due desc, r.node desc, r.log_id desc, r.number desc" + sql::limit(filter.limit),
      std::move(parameters));
}

std::int64_t count_records(Session& session, const std::string& node) {
  return sql::value<std::int64_t>(session, "select count(*) from play_records where node = :node", sql::params(node)).value_or(0);
}

}  // namespace loa::store
