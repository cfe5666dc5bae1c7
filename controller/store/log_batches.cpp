#include "controller/store/log_batches.hpp"

#include <algorithm>

#include "controller/store/sql.hpp"
#include "protocol/base64url.hpp"
#include "protocol/codec.hpp"
#include "protocol/record_chain.hpp"

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

namespace {

bool has_room(Session& session, const SignedBatch& batch) {
  return sql::value<int>(session, "select count(*) from log_batches where node = :node and log_id = :log and jws not like '%..%'",
                         sql::params(batch.node, batch.log_id)).value_or(0) < kMostContradictions;
}

// Beside what is kept of the same numbers already.
void add_word(Session& session, const SignedBatch& batch) {
  const std::string key = " where node = :node and log_id = :log and first_number = :first and last_number = :last";
  const auto held = sql::value<std::string>(session, "select jws from log_batches" + key, sql::params(batch.node, batch.log_id, batch.first, batch.last));
  if (!held) {
    if (has_room(session, batch)) sql::insert(session, "log_batches", batch);
    return;
  }
  auto words = sql::split_words(*held, '\n');
  if (words.size() >= kMostWordsOfRange || std::find(words.begin(), words.end(), batch.jws) != words.end()) return;
  words.push_back(batch.jws);
  sql::execute(session, "update log_batches set jws = :jws" + key, sql::params(sql::join_words(words, '\n'), batch.node, batch.log_id, batch.first, batch.last));
}

}  // namespace

StoredBatch keep_batch(Transaction& transaction, const protocol::LogBatch& batch, const std::string& message) {
  auto& session = transaction.session();
  std::vector<std::string> hashes;
  for (const auto& record : batch.records) hashes.push_back(protocol::record_hash(record));
  const auto stored = add_records(transaction, batch.node, batch.records, hashes);
  const auto signed_ = signed_batch(batch, message, stored.differing == 0, transaction.now());
  if (stored.added > 0)
    sql::insert(session, "log_batches", signed_, "on conflict do nothing");
  else if (stored.differing > 0)
    add_word(session, signed_);
  return stored;
}

std::vector<SignedBatch> list_signed_batches(Session& session, const std::string& node, const std::string& log_id, std::int64_t from,
                                             std::int64_t to) {
  return sql::select<SignedBatch>(session,
                                  "from log_batches where node = :node and log_id = :log and first_number >= :from and first_number <= :to"
                                  " order by first_number, last_number",
                                  sql::params(node, log_id, from, to));
}

namespace {

/// The log that a board's newest state names.
struct Named {
  std::string log_id;
  std::int64_t number = 0;
};

}  // namespace

template <>
struct sql::Fields<Named> {
  static void visit(Columns& c, Named& named) {
    c("log_id", named.log_id);
    c("log_number", named.number);
  }
};

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
  // Also where all of it was taken away here.
  const auto named = sql::select<Named>(session, "from node_states where node = :node and log_id <> ''", sql::params(node));
  for (const auto& one : named)
    if (std::none_of(logs.begin(), logs.end(), [&](const auto& log) { return log.log_id == one.log_id; }))
      logs.push_back({one.log_id, 0, 0, 0, one.number, {}});
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
