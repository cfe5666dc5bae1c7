#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/store/log_batches.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/session.hpp"
#include "protocol/ed25519.hpp"

namespace loa::store {

/// What is wrong with a part of a board's log as it is held here.
enum class ProofFault {
  missing,      ///< there are no records of these numbers, though the log goes on behind them
  on_the_way,   ///< the same, of the newest, and no fault yet: the board may be sending them (kRecordsOnTheWay)
  changed,      ///< the row is no longer what was stored
  chain,        ///< it does not carry the hash of the record before it
  contradicted, ///< the board signed another record of the same number too
  signature,    ///< the board's signature does not fit the rows that it was given for, or is of keys that it had given up before
  unsigned_     ///< no signature of the board covers it
};
const char* name_of(ProofFault fault);  ///< `unsigned_` is "unsigned"

struct ProofFinding {
  ProofFault fault = ProofFault::missing;
  std::int64_t from = 0;
  std::int64_t to = 0;
  bool operator==(const ProofFinding&) const = default;
};

/// What could be proved of the records from..to of one log.
struct RecordProof {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t records = 0;  ///< held
  std::int64_t proved = 0;   ///< of these: signed by the board, unchanged, and following the one before
  std::vector<ProofFinding> findings;  ///< by number; neighbours of one kind are one finding
  std::optional<std::int64_t> next;    ///< where the log goes on; nothing: this was its end, as the board last named it
};

/// A part of a board's log with all that proves it.
struct LogPart {
  std::string node;
  std::string log_id;
  std::int64_t from = 1;
  std::int64_t last = 0;             ///< number of the part's last record; from - 1: it has none
  bool more = false;                 ///< records follow behind it
  std::vector<RecordRow> rows;       ///< and those around it that signatures at its borders are about
  std::vector<SignedBatch> batches;
  std::vector<protocol::PublicKey> keys;  ///< that the board had, the oldest first
  std::int64_t complete_to = 0;
  std::int64_t end = 0;              ///< of the log, as far as is known
  bool young_gap = false;            ///< what is behind `complete_to` may still come
  std::string last_state;            ///< the newest that the board signed, as it was signed: it names the log's end too
};

/// Records of one part: some hundred signatures at most, so that neither this nor what waits behind it waits long.
inline constexpr std::int64_t kProofPart = 500;

/// Reads `most` records from number `from` (at least 1) on. However far numbers leap, there are no more parts than records.
LogPart read_log_part(Session& session, const std::string& node, const std::string& log_id, TimePoint now, std::int64_t from = 1,
                      std::int64_t most = kProofPart);

/// Proves from the rows alone that they are what the board wrote: each is hashed anew, compared with its successor's `previous_hash`, and
/// covered by an Ed25519 signature of one of the keys that the board had, none of which it had given up for another before. The caller goes on at
/// `next`. Any thread; slow.
RecordProof prove(const LogPart& part);

}  // namespace loa::store
