#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "controller/store/play_records.hpp"
#include "controller/store/session.hpp"
#include "protocol/messages.hpp"

namespace loa::store {

/// What a board signed of its log in one message. `jws` is that message (RFC 7515, compact); where its payload is just encode(LogBatch) of the
/// rows `first`..`last` and `issued`, the payload is left out (appendix F, detached), because the rows hold it. Whatever else it signed of the same
/// numbers follows whole, each message on a line of its own.
struct SignedBatch {
  std::string node;
  std::string log_id;
  std::int64_t first = 0;
  std::int64_t last = 0;
  TimePoint issued;
  std::string jws;
  TimePoint received;
  bool operator==(const SignedBatch&) const = default;
};

/// `message` as it is kept for `batch`, which was read from it: without its payload where `rows_are_it`, and the payload is what encode(batch)
/// gives.
SignedBatch signed_batch(const protocol::LogBatch& batch, const std::string& message, bool rows_are_it, TimePoint received);

/// Of the messages of a log that bring nothing new and contradict what is held, the most that are kept for one range of numbers, and of ranges of
/// their own: what comes beyond shows nothing new of a board that contradicts itself so often.
inline constexpr std::size_t kMostWordsOfRange = 4;
inline constexpr int kMostContradictions = 64;
/// Stores what a board said of its log in `message`, which `batch` was read from: the records (see add_records), and the message where it brings
/// some or contradicts those held. What only repeats needs no second signature.
StoredBatch keep_batch(Transaction& transaction, const protocol::LogBatch& batch, const std::string& message);
/// Those that begin in from..to, by first number.
std::vector<SignedBatch> list_signed_batches(Session& session, const std::string& node, const std::string& log_id, std::int64_t from,
                                             std::int64_t to);

/// How far one log of a board is held here.
struct LogView {
  std::string log_id;
  std::int64_t records = 0;
  std::int64_t complete_to = 0;  ///< nothing is missing up to and including this number
  std::int64_t highest = 0;      ///< of the records held
  std::int64_t reported = 0;     ///< highest that the board named in a state
  std::optional<TimePoint> lacking_since;  ///< since when something below the end of the log is missing
};
/// Every log that the board began, by its first record, and the one that its newest state names, though nothing of it be held.
std::vector<LogView> list_logs(Session& session, const std::string& node);

/// The board says that its log ends at `number`: a gap, until all of it is here.
void note_log_end(Transaction& transaction, const std::string& node, const std::string& log_id, std::int64_t number);

/// A log of a live board of which records are missing.
struct LackingLog {
  std::string node;
  std::string area;
  std::string log_id;
  std::int64_t complete_to = 0;
  std::int64_t end = 0;       ///< highest number that is known of
  TimePoint since;
  bool given_up = false;      ///< the board writes another log now: its disk was lost, or it was set up anew
};
/// Records on their way are no gap.
inline constexpr std::chrono::minutes kRecordsOnTheWay{10};
/// A board that was not heard for this long owes nothing yet.
inline constexpr std::chrono::hours kBoardIsThere{2};
/// What went with a log that its board gave up will not come any more: after this long it is told no longer.
inline constexpr std::chrono::hours kGivenUpTold{30 * 24};
/// Those that lack something at `now` by these limits, the longest first, at most `limit`.
std::vector<LackingLog> list_lacking_logs(Session& session, TimePoint now, int limit);

}  // namespace loa::store
