#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/record.hpp"

namespace loa::store {

/// What storing a batch did.
struct StoredBatch {
  std::int64_t added = 0;         ///< rows new to the store
  std::int64_t repeated = 0;      ///< rows that were there already
  std::int64_t complete_to = 0;   ///< nothing is missing up to and including this number
  std::int64_t highest = 0;
  std::int64_t broken_chain = 0;  ///< rows whose previous_hash is not that of the row before, or that differ from the row held
  std::int64_t differing = 0;     ///< of these, rows that differ from the row held: that one stays
};

/// A record and how it came.
struct RecordRow {
  std::string node;
  scheduler::PlayRecord record;
  std::string hash;       ///< SHA-256 (hex) of its canonical form
  bool chain_ok = true;   ///< previous_hash matches the record before where that is held; judged again when a gap before it is filled
  TimePoint received;
};

/// Stores `records` of one log in the caller's transaction; `hashes` has the canonical hash of each. A resend is harmless.
StoredBatch add_records(Transaction& transaction, const std::string& node, const std::vector<scheduler::PlayRecord>& records,
                        const std::vector<std::string>& hashes);
/// Nothing of this log is missing up to and including the number given.
std::int64_t complete_to(Session& session, const std::string& node, const std::string& log_id);
/// In order of number, from `from_number`.
std::vector<RecordRow> list_records(Session& session, const std::string& node, const std::string& log_id,
                                    std::int64_t from_number = 1, int limit = 1000);

struct RecordFilter {
  std::vector<std::string> roots;  ///< branches that the reader may see
  TimePoint from;                  ///< due in [from, until)
  TimePoint until;
  std::string node;                ///< of its place, former boards too; empty: any
  std::string broadcast;           ///< empty: any
  std::string programme;           ///< empty: any
  std::string alert;               ///< empty: any
  std::optional<scheduler::Outcome> outcome;
  int limit = 200;
  std::optional<std::tuple<TimePoint, std::string, std::string, std::int64_t>> after;  ///< begins behind the row with this due, node, log id and number
};
/// A record with where it was heard.
struct RecordView {
  RecordRow row;
  std::string node_code;
  std::string node_name;
  std::string area;
  bool plain_http = false;  ///< a relay that came without TLS, as the plan that held it says
};
/// Newest due first.
std::vector<RecordView> list_records(Session& session, const RecordFilter& filter);
std::int64_t count_records(Session& session, const std::string& node);

}  // namespace loa::store
