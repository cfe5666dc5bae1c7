#pragma once
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "controller/store/hex.hpp"
#include "controller/store/log_batches.hpp"
#include "controller/store/node_keys.hpp"
#include "controller/store/record_proof.hpp"
#include "controller/store/sql.hpp"
#include "protocol/codec.hpp"
#include "protocol/packet.hpp"
#include "protocol/random_id.hpp"
#include "protocol/record_chain.hpp"
#include "tests/controller/store/fixture.hpp"

namespace loa::store {

inline constexpr const char* kLog = "log-1";

/// A province and a board of it that writes, signs and sends a log; what it sends is stored as ingest does it.
struct Board : Province {
  protocol::PrivateKey key = protocol::PrivateKey::generate();
  std::vector<scheduler::PlayRecord> log;

  Board() {
    sql::execute(*session, "update nodes set signing_key = :key where id = 'n-one'", sql::params(to_hex(key.public_key())));
    sql::execute(*session, "update node_keys set signing_key = :key where node = 'n-one'", sql::params(to_hex(key.public_key())));
  }
  /// Lets the log go on until it has `last` records.
  void play_to(std::int64_t last) {
    while (static_cast<std::int64_t>(log.size()) < last) {
      scheduler::PlayRecord record;
      record.log_id = kLog;
      record.number = static_cast<std::int64_t>(log.size()) + 1;
      record.previous_hash = log.empty() ? protocol::first_previous_hash() : protocol::record_hash(log.back());
      record.broadcast_id = "b-x";
      record.due = scheduler::from_ms(1'795'500'000'000 + record.number * 60'000);
      record.occurrence_id = scheduler::occurrence_id("b-x", record.due);
      record.title = "Tin \"phường\"";
      record.level_dbfs = -20.1 - 0.3 * static_cast<double>(record.number);
      record.heard_ms = record.planned_ms = 30'000;
      record.outcome = scheduler::Outcome::played;
      record.recorded = record.due + Millis{30'000};
      log.push_back(std::move(record));
    }
  }
  protocol::LogBatch batch(std::int64_t from, std::int64_t to) const {
    return {"n-one", clock.now(), kLog, {log.begin() + (from - 1), log.begin() + to}};
  }
  StoredBatch send(const protocol::LogBatch& said) {
    const auto message = protocol::sign(protocol::MessageType::log, "n-one", protocol::encode(said), key);
    return write([&](Transaction& t) { return keep_batch(t, said, message); });
  }
  StoredBatch send(std::int64_t from, std::int64_t to) { return send(batch(from, to)); }
  void damage(const std::string& statement) { sql::execute(*session, statement); }
  RecordProof prove(std::int64_t from = 1, std::int64_t most = kProofPart, Millis later = std::chrono::hours(1)) {
    return store::prove(read_log_part(*session, "n-one", kLog, clock.now() + later, from, most));
  }
  /// The board signs with keys of its own from now on; the key that it had.
  protocol::PrivateKey take_own_keys() {
    auto own = protocol::PrivateKey::generate();
    write([&](Transaction& t) {
      NodeKeys keys;
      keys.node = "n-one";
      keys.serial = "0b2c";
      keys.signing_key = own.public_key();
      keys.issued = t.now() + Millis{1};
      keys.not_after = t.now() + kNodeKeysLife;
      REQUIRE(offer_node_keys(t, keys));
      REQUIRE(take_node_keys(t, "n-one", "0b2c"));
    });
    std::swap(key, own);
    return own;
  }
  /// It says that its log ends at `number`.
  void say_end(std::int64_t number, const std::string& log_id = kLog) {
    NodeState said;
    said.state.node = "n-one";
    said.state.session = "s-b4vnt2zqb7rgx5vhd3kycm6paq";
    said.state.session_number = 1;
    said.state.sequence = ++sequence;
    said.state.nonce = protocol::random_nonce();
    said.state.issued = clock.now();
    said.state.formats = {1};
    said.state.version = "0.1.0";
    said.state.log_id = log_id;
    said.state.log_number = number;
    said.packet = protocol::pack(protocol::MessageType::state, "n-one", protocol::encode(said.state), key);
    said.received = clock.now();
    write([&](Transaction& t) {
      REQUIRE(put_node_state(t, said));
      note_log_end(t, "n-one", log_id, number);
    });
  }
  std::int64_t sequence = 0;
};

inline std::string text_of(const std::vector<ProofFinding>& findings) {
  std::string text;
  for (const auto& one : findings)
    text += (text.empty() ? "" : ", ") + std::string(name_of(one.fault)) + " " + std::to_string(one.from) +
            (one.to > one.from ? "-" + std::to_string(one.to) : "");
  return text;
}

}  // namespace loa::store
