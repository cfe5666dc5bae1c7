#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "controller/store/audit.hpp"

// The audit log as a chain: who changes, removes or puts in a row leaves a break, unless every row after it is made anew.
namespace loa::store {

/// What the first row has for the hash of the one before.
std::string first_previous_hash();

/// SHA-256, hex, of what the row says and of the hash of the one before. The hashed text is `loa-audit-1` and then, each as a netstring
/// (`LENGTH:BYTES,`, length in bytes and decimal): previous_hash, number, time in UTC milliseconds, user, address, action, subject, id, area,
/// detail; numbers in decimal.
std::string audit_hash(const AuditRow& row);

/// Where the chain is broken, and how.
struct AuditFault {
  std::int64_t number = 0;
  std::string what;  ///< one English sentence
};

/// What was found of a chain.
struct AuditCheck {
  std::int64_t rows = 0;
  std::int64_t last = 0;              ///< number of the newest row
  std::string hash;                   ///< of the newest row: noted elsewhere, it shows later whether rows were cut off
  std::optional<AuditFault> fault;    ///< the first, by number
};

/// Follows a chain row by row from the newest to the oldest, as lists come.
class AuditFollower {
 public:
  /// Takes the next older row.
  void take(const AuditRow& row);
  /// After the last row. `oldest_wanted`: the number that the oldest must have, 1 where all were to be seen.
  AuditCheck finish(std::int64_t oldest_wanted = 1);

 private:
  void fault(std::int64_t number, std::string what);
  AuditCheck x_check;
  std::optional<AuditRow> x_newer;
};

/// Checks the whole log of a database, in pieces.
AuditCheck verify_audit(Session& session);

/// Gives rows without hashes theirs, in the order of their numbers; for the migration that brings the chain.
void chain_audit(Session& session);

}  // namespace loa::store
