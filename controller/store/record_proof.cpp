#include "controller/store/record_proof.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "controller/store/node_columns.hpp"
#include "controller/store/node_keys.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/sql.hpp"
#include "protocol/base64url.hpp"
#include "protocol/codec.hpp"
#include "protocol/limits.hpp"
#include "protocol/packet.hpp"
#include "protocol/record_chain.hpp"

namespace loa::store {

const char* name_of(ProofFault fault) {
  switch (fault) {
    case ProofFault::missing: return "missing";
    case ProofFault::on_the_way: return "on_the_way";
    case ProofFault::changed: return "changed";
    case ProofFault::chain: return "chain";
    case ProofFault::contradicted: return "contradicted";
    case ProofFault::signature: return "signature";
    case ProofFault::unsigned_: return "unsigned";
  }
  return "";
}

namespace {

/// How far a log is held here.
struct Position {
  std::int64_t complete_to = 0;
  std::int64_t highest = 0;
  std::int64_t reported = 0;
  std::optional<TimePoint> lacking_since;
};

}  // namespace

template <>
struct sql::Fields<Position> {
  static void visit(Columns& c, Position& position) {
    c("complete_to", position.complete_to);
    c("highest", position.highest);
    c("reported", position.reported);
    c("lacking_since", position.lacking_since);
  }
};

namespace {

using protocol::PublicKey;

struct Row {
  scheduler::PlayRecord record;
  std::string kept_hash;
  std::string hash;  ///< of what the row holds now
};
using Rows = std::map<std::int64_t, Row>;

Rows rows_of(const LogPart& part) {
  Rows rows;
  for (const auto& row : part.rows) rows.emplace(row.record.number, Row{row.record, row.hash, protocol::record_hash(row.record)});
  return rows;
}

std::vector<PublicKey> keys_of(Session& session, const std::string& node) {
  std::vector<PublicKey> keys;
  for (const auto& one : list_node_keys(session, node)) keys.push_back(one.signing_key);
  if (const auto held = find_node(session, node))
    if (std::find(keys.begin(), keys.end(), held->signing_key) == keys.end()) keys.push_back(held->signing_key);
  return keys;
}

// The records that a word's signature is about: those in the message, or, where they were left out, the rows. Nothing where a row is missing.
std::optional<std::string> message_of(const SignedBatch& batch, const std::string& word, const Rows& rows) {
  const auto first = word.find('.');
  if (first == std::string::npos || word.compare(first, 2, "..") != 0) return word;
  protocol::LogBatch whole{batch.node, batch.issued, batch.log_id, {}};
  for (auto number = batch.first; number <= batch.last; ++number) {
    const auto row = rows.find(number);
    if (row == rows.end()) return std::nullopt;
    whole.records.push_back(row->second.record);
  }
  return word.substr(0, first + 1) + protocol::to_base64url(protocol::encode(whole)) + word.substr(first + 1);
}

// Which of the board's keys signed it, the newest first: of most logs they are the newest's.
std::optional<std::size_t> signer_of(const protocol::Envelope& envelope, const std::vector<PublicKey>& keys) {
  for (auto i = keys.size(); i > 0; --i)
    if (envelope.signed_by(keys[i - 1])) return i - 1;
  return std::nullopt;
}

class Prover {
 public:
  Prover(const Rows& rows, const std::vector<PublicKey>& keys) : rows_(rows), keys_(keys) {}

  void take(const SignedBatch& batch) {
    for (const auto& word : sql::split_words(batch.jws, '\n')) take(batch, word);
  }

  // All was taken: what former keys signed counts only where the board had them still.
  void settle() {
    for (const auto& [number, index] : covers_) (is_late(number, words_[index]) ? unfit_ : signed_).insert(number);
  }

  std::optional<ProofFault> fault_of(std::int64_t number, const std::string& hash_before) const {
    const auto& row = rows_.at(number);
    if (row.hash != row.kept_hash) return ProofFault::changed;
    if (!signed_.contains(number)) return unfit_.contains(number) ? ProofFault::signature : ProofFault::unsigned_;
    if (!hash_before.empty() && row.record.previous_hash != hash_before) return ProofFault::chain;
    if (contradicted_.contains(number)) return ProofFault::contradicted;
    return std::nullopt;
  }

 private:
  /// A message of the board.
  struct Word {
    std::int64_t first = 0;
    TimePoint issued;
    std::size_t key = 0;
  };

  void take(const SignedBatch& batch, const std::string& word) {
    const auto message = message_of(batch, word, rows_);
    if (!message) return;  // its rows are not all there: missing says so
    const auto envelope = protocol::open(*message, protocol::MessageType::log);
    const auto key = envelope && envelope->kid == batch.node ? signer_of(*envelope, keys_) : std::nullopt;
    const auto said = key ? protocol::decode_log(envelope->payload, batch.node) : protocol::Result<protocol::LogBatch>(protocol::Refusal{});
    if (!said || said->log_id != batch.log_id) {
      for (auto number = batch.first; number <= batch.last; ++number) unfit_.insert(number);
      return;
    }
    words_.push_back({said->records.front().number, said->issued, *key});
    for (const auto& record : said->records) {
      const auto row = rows_.find(record.number);
      if (row == rows_.end()) continue;
      if (row->second.record == record)
        covers_.emplace_back(record.number, words_.size() - 1);
      else
        contradicted_.insert(record.number);
    }
  }

  // A board that has begun to sign with other keys signs nothing later with these. Records sent once more to fill a gap are signed with the other keys
  // below older ones: then these were signed before, and their records are older still.
  bool is_late(std::int64_t number, const Word& word) const {
    return std::any_of(words_.begin(), words_.end(), [&](const auto& other) {
      return other.key > word.key && other.first < number && (other.issued <= word.issued || rows_.at(number).record.recorded > word.issued);
    });
  }

  const Rows& rows_;
  const std::vector<PublicKey>& keys_;
  std::vector<Word> words_;
  std::vector<std::pair<std::int64_t, std::size_t>> covers_;  // number of a record, and the word that says it as the row does
  std::set<std::int64_t> signed_;
  std::set<std::int64_t> contradicted_;
  std::set<std::int64_t> unfit_;
};

void add(std::vector<ProofFinding>& findings, ProofFault fault, std::int64_t from, std::int64_t to) {
  if (from > to) return;
  if (!findings.empty() && findings.back().fault == fault && findings.back().to == from - 1)
    findings.back().to = to;
  else
    findings.push_back({fault, from, to});
}

void add_gap(std::vector<ProofFinding>& findings, const LogPart& part, std::int64_t from, std::int64_t to) {
  const auto expected = part.young_gap ? std::clamp(part.complete_to, from - 1, std::max(to, from - 1)) : to;
  add(findings, ProofFault::missing, from, expected);
  add(findings, ProofFault::on_the_way, expected + 1, to);
}

// The end of the log by the board's own signed word: whoever takes the last records away with all that this database says of them has to take that too.
std::int64_t signed_end(const LogPart& part) {
  auto envelope = protocol::open(part.last_state, protocol::MessageType::state);
  if (!envelope || envelope->kid != part.node || !signer_of(*envelope, part.keys)) return 0;
  const auto json = protocol::json_of(*std::move(envelope));
  if (!json) return 0;
  const auto state = protocol::decode_state(*json, part.node);
  return state && state->log_id == part.log_id ? state->log_number : 0;
}

}  // namespace

LogPart read_log_part(Session& session, const std::string& node, const std::string& log_id, TimePoint now, std::int64_t from, std::int64_t most) {
  constexpr auto spread = static_cast<std::int64_t>(protocol::kMaxRecords);  // a batch that covers a number may begin and end this much outside
  LogPart part;
  part.node = node;
  part.log_id = log_id;
  part.from = std::max<std::int64_t>(from, 1);
  most = std::clamp<std::int64_t>(most, 1, 5'000);
  if (const auto log = sql::select_one<Position>(session, "from log_positions where node = :node and log_id = :log", sql::params(node, log_id))) {
    part.complete_to = log->complete_to;
    part.end = std::max(log->highest, log->reported);
    part.young_gap = log->lacking_since && now - *log->lacking_since < kRecordsOnTheWay;
  }
  part.last = part.from - 1;
  const auto first = std::max<std::int64_t>(1, part.from - spread);
  for (auto& row : list_records(session, node, log_id, first, static_cast<int>(most + 2 * spread + 1))) {
    const auto number = row.record.number;
    if (number >= part.from && most-- > 0) part.last = number;
    part.more = number > part.last;
    if (number <= part.last + spread) part.rows.push_back(std::move(row));
  }
  part.batches = list_signed_batches(session, node, log_id, first, part.last);
  part.keys = keys_of(session, node);
  part.last_state = find_state_packet(session, node);
  return part;
}

RecordProof prove(const LogPart& part) {
  const auto rows = rows_of(part);
  Prover prover(rows, part.keys);
  for (const auto& batch : part.batches) prover.take(batch);
  prover.settle();

  RecordProof proof;
  proof.from = part.from;
  auto expected = part.from;
  for (auto at = rows.lower_bound(part.from); at != rows.end() && at->first <= part.last; ++at) {
    const auto number = at->first;
    add_gap(proof.findings, part, expected, number - 1);
    expected = number + 1;
    ++proof.records;
    const auto before = rows.find(number - 1);
    const auto hash_before = number == 1 ? protocol::first_previous_hash() : before != rows.end() ? before->second.hash : std::string();
    if (const auto fault = prover.fault_of(number, hash_before))
      add(proof.findings, *fault, number, number);
    else
      ++proof.proved;
  }
  proof.to = part.last;
  if (part.more) {
    proof.next = part.last + 1;
  } else {
    proof.to = std::max(part.end, signed_end(part));
    add_gap(proof.findings, part, expected, proof.to);
  }
  return proof;
}

}  // namespace loa::store
