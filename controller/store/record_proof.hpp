#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"

namespace loa::store {

/// What is wrong with a part of a board's log as it is held here.
enum class ProofFault {
  missing,      ///< there are no records of these numbers, though the log goes on behind them
  changed,      ///< the row is no longer what was stored
  chain,        ///< it does not carry the hash of the record before it
  contradicted, ///< the board signed another record of the same number too
  signature,    ///< the board's signature does not fit the rows that it was given for
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

/// Proves from the rows alone that they are what the board wrote: each is hashed anew, compared with its successor's `previous_hash`, and
/// covered by an Ed25519 signature of one of the keys that the board had. Looks at `most` numbers from `from` (at least 1) on: the caller goes on at `next`, so that
/// no long log holds up the store.
RecordProof prove_records(Session& session, const std::string& node, const std::string& log_id, std::int64_t from = 1, std::int64_t most = 2'000);

}  // namespace loa::store
