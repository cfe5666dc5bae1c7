#include "controller/store/log_batches.hpp"

#include <algorithm>

#include "controller/store/sql.hpp"
#include "protocol/base64url.hpp"
#include "protocol/codec.hpp"

namespace loa::store {

template <>
struct sql::Fields<SignedBatch> {
  static void visit(Columns& c, SignedBatch& batch) {
    c("node", batch.node);
    c("log_id", batch.log_id);
    c("first_number", batch.first);
    c("last_number", batch.last);
    c("issued", batch.issued);
    c("jws", batch.jws);
    c("received", batch.received);
  }
};

template <>
struct sql::Fields<LackingLog> {
  static void visit(Columns& c, LackingLog& log) {
    c("node", log.node);
    c("area", log.area);
    c("log_id", log.log_id);
    c("complete_to", log.complete_to);
    c("log_end", log.end);
    c("lacking_since", log.since);
    c("given_up", log.given_up);
  }
};

SignedBatch signed_batch(const protocol::LogBatch& batch, const std::string& message, bool rows_are_it, TimePoint received) {
  SignedBatch kept{batch.node, batch.log_id, batch.records.front().number, batch.records.back().number, batch.issued, message, received};
  const auto first = message.find('.');
  const auto second = message.find('.', first + 1);
  if (rows_are_it && message.substr(first + 1, second - first - 1) == protocol::to_base64url(protocol::encode(batch)))
    kept.jws.erase(first + 1, second - first - 1);
  return kept;
}

void add_signed_batch(Transaction& transaction, const SignedBatch& batch) {
  sql::insert(transaction.session(), "log_batches", batch, "on conflict do nothing");
}

std::vector<SignedBatch> list_signed_batches(Session& session, const std::string& node, const std::string& log_id, std::int64_t from,
                                             std::int64_t to) {
  return sql::select<SignedBatch>(session,
                                  "from log_batches where node = :node and log_id = :log and first_number >= :from and first_number <= :to"
                                  " order by first_number, last_number",
                                  sql::params(node, log_id, from, to));
}

template <>
struct sql::Fields<LogView> {
  static void visit(Columns& c, LogView& log) {
    c("log_id", log.log_id);
    c("complete_to", log.complete_to);
    c("highest", log.highest);
    c("reported", log.reported);
    c("lacking_since", log.lacking_since);
  }
};

std::vector<LogView> list_logs(Session& session, const std::string& node) {
  auto logs = sql::select<LogView>(session, "from log_positions where node = :node", sql::params(node));
  std::vector<std::pair<TimePoint, LogView>> dated;
  for (auto& log : logs) {
    log.records = sql::value<std::int64_t>(session, "select count(*) from play_records where node = :node and log_id = :log",
                                           sql::params(node, log.log_id)).value_or(0);
    const auto first = sql::value<std::optional<TimePoint>>(session, "select min(received) from play_records where node = :node and log_id = :log",
                                                            sql::params(node, log.log_id)).value_or(std::nullopt);
    dated.emplace_back(first.value_or(TimePoint::max()), std::move(log));
  }
  std::sort(dated.begin(), dated.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.log_id) < std::tie(b.first, b.second.log_id);
  });
  logs.clear();
  for (auto& [first, log] : dated) logs.push_back(std::move(log));
  return logs;
}

void note_log_end(Transaction& transaction, const std::string& node, const std::string& log_id, std::int64_t number) {
  auto& session = transaction.session();
  sql::execute(session,
               "insert into log_positions (node, log_id, complete_to, highest, reported) values (:node, :log, 0, 0, :number)"
               " on conflict (node, log_id) do update set reported = excluded.reported where log_positions.reported < excluded.reported",
               sql::params(node, log_id, number));
  sql::execute(session,
               "update log_positions set lacking_since = :now where node = :node and log_id = :log and lacking_since is null"
               " and (complete_to < highest or complete_to < reported)",
               sql::params(transaction.now(), node, log_id));
}

std::vector<LackingLog> list_lacking_logs(Session& session, TimePoint now, int limit) {
  return sql::select_text<LackingLog>(
      session,
      "select p.node, n.area, p.log_id, p.complete_to, case when p.highest > p.reported then p.highest else p.reported end,"
      " p.lacking_since, case when s.log_id <> p.log_id then 1 else 0 end"
      " from log_positions p join nodes n on n.id = p.node join node_states s on s.node = p.node"
      " where n.retired is null and p.lacking_since <= :before and s.received >= :heard and (s.log_id = p.log_id or p.lacking_since > :told)"
      " order by p.lacking_since, p.node, p.log_id" +
          sql::limit(limit),
      sql::params(now - kRecordsOnTheWay, now - kBoardIsThere, now - kGivenUpTold));
}

}  // namespace loa::store
