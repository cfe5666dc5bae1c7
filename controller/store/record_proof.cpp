#include "controller/store/record_proof.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "controller/store/log_batches.hpp"
#include "controller/store/node_keys.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/sql.hpp"
#include "protocol/base64url.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/limits.hpp"
#include "protocol/record_chain.hpp"

namespace loa::store {

const char* name_of(ProofFault fault) {
  switch (fault) {
    case ProofFault::missing: return "missing";
    case ProofFault::changed: return "changed";
    case ProofFault::chain: return "chain";
    case ProofFault::contradicted: return "contradicted";
    case ProofFault::signature: return "signature";
    case ProofFault::unsigned_: return "unsigned";
  }
  return "";
}

namespace {

using protocol::PublicKey;

struct Row {
  scheduler::PlayRecord record;
  std::string kept_hash;
  std::string hash;  ///< of what the row holds now
};
using Rows = std::map<std::int64_t, Row>;

Rows read_rows(Session& session, const std::string& node, const std::string& log_id, std::int64_t from, std::int64_t to) {
  Rows rows;
  for (auto& found : list_records(session, node, log_id, from, static_cast<int>(to - from + 1))) {
    if (found.record.number > to) break;
    auto hash = protocol::record_hash(found.record);
    const auto number = found.record.number;
    rows.emplace(number, Row{std::move(found.record), std::move(found.hash), std::move(hash)});
  }
  return rows;
}

std::vector<PublicKey> keys_of(Session& session, const std::string& node) {
  std::vector<PublicKey> keys;
  for (const auto& one : list_node_keys(session, node)) keys.push_back(one.signing_key);
  if (const auto held = find_node(session, node))
    if (std::find(keys.begin(), keys.end(), held->signing_key) == keys.end()) keys.push_back(held->signing_key);
  return keys;
}

// The records that the signature is about: those in the message, or, where they were left out, the rows. Nothing where a row is missing.
std::optional<std::string> message_of(const SignedBatch& batch, const Rows& rows) {
  const auto first = batch.jws.find('.');
  if (first == std::string::npos || batch.jws.compare(first, 2, "..") != 0) return batch.jws;
  protocol::LogBatch whole{batch.node, batch.issued, batch.log_id, {}};
  for (auto number = batch.first; number <= batch.last; ++number) {
    const auto row = rows.find(number);
    if (row == rows.end()) return std::nullopt;
    whole.records.push_back(row->second.record);
  }
  return batch.jws.substr(0, first + 1) + protocol::to_base64url(protocol::encode(whole)) + batch.jws.substr(first + 1);
}

class Prover {
 public:
  Prover(const Rows& rows, const std::vector<PublicKey>& keys) : rows_(rows), keys_(keys) {}

  void take(const SignedBatch& batch) {
    const auto message = message_of(batch, rows_);
    if (!message) return;  // its rows are not all there: missing says so
    const auto envelope = protocol::open(*message, protocol::MessageType::log);
    const bool by_board = envelope && envelope->kid == batch.node &&
                          std::any_of(keys_.begin(), keys_.end(), [&](const auto& key) { return envelope->signed_by(key); });
    const auto said = by_board ? protocol::decode_log(envelope->payload, batch.node) : protocol::Result<protocol::LogBatch>(protocol::Refusal{});
    if (!said || said->log_id != batch.log_id) {
      for (auto number = batch.first; number <= batch.last; ++number) unfit_.insert(number);
      return;
    }
    for (const auto& record : said->records) {
      const auto row = rows_.find(record.number);
      if (row == rows_.end()) continue;
      (row->second.record == record ? signed_ : contradicted_).insert(record.number);
    }
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
  const Rows& rows_;
  const std::vector<PublicKey>& keys_;
  std::set<std::int64_t> signed_;
  std::set<std::int64_t> contradicted_;
  std::set<std::int64_t> unfit_;
};

void add(std::vector<ProofFinding>& findings, ProofFault fault, std::int64_t number) {
  if (!findings.empty() && findings.back().fault == fault && findings.back().to == number - 1)
    findings.back().to = number;
  else
    findings.push_back({fault, number, number});
}

}  // namespace

RecordProof prove_records(Session& session, const std::string& node, const std::string& log_id, std::int64_t from, std::int64_t most) {
  const auto spread = static_cast<std::int64_t>(protocol::kMaxRecords);
  const auto end = sql::value<std::int64_t>(session,
                                            "select case when highest > reported then highest else reported end from log_positions"
                                            " where node = :node and log_id = :log",
                                            sql::params(node, log_id)).value_or(0);

  RecordProof proof;
  proof.from = std::max<std::int64_t>(from, 1);
  proof.to = std::min(end, proof.from + std::clamp<std::int64_t>(most, 1, 5'000) - 1);
  if (proof.to < end) proof.next = proof.to + 1;
  if (proof.to < proof.from) return proof;

  // A batch that covers a number may begin and end this much outside.
  const auto rows = read_rows(session, node, log_id, std::max<std::int64_t>(1, proof.from - spread), proof.to + spread);
  const auto keys = keys_of(session, node);
  Prover prover(rows, keys);
  for (const auto& batch : list_signed_batches(session, node, log_id, proof.from - spread, proof.to)) prover.take(batch);

  for (auto number = proof.from; number <= proof.to; ++number) {
    if (!rows.contains(number)) {
      add(proof.findings, ProofFault::missing, number);
      continue;
    }
    ++proof.records;
    const auto before = rows.find(number - 1);
    const auto hash_before = number == 1 ? protocol::first_previous_hash() : before != rows.end() ? before->second.hash : std::string();
    if (const auto fault = prover.fault_of(number, hash_before))
      add(proof.findings, *fault, number);
    else
      ++proof.proved;
  }
  return proof;
}

}  // namespace loa::store
