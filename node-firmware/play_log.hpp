#pragma once
#include <optional>
#include <string>
#include <vector>

#include "node-firmware/database.hpp"
#include "protocol/messages.hpp"
#include "protocol/refusal.hpp"

namespace loa::node {

/// The outbox of play records in `node.db`: a record is a row first, then it is sent, and it stays 30 days after the
/// controller has acknowledged it. Numbers have no gap; each record carries the hash of the one before. Loop thread.
/// Throws DatabaseError where the disk refuses.
class PlayLog {
 public:
  /// Opens the log, or makes one with a random id.
  explicit PlayLog(Database& database);

  const std::string& id() const { return state_.log_id; }
  std::int64_t last_number() const { return last_number_; }
  std::int64_t acked() const { return state_.acked; }

  /// Gives the record log id, number and previous hash and writes it, within the caller's Transaction. Nothing when
  /// this occurrence has its record already: there is never a second one.
  std::optional<scheduler::PlayRecord> append(scheduler::PlayRecord record);

  /// Where the chain ends. A caller whose Transaction was not committed goes back to where it was.
  struct End {
    std::int64_t number = 0;
    std::string hash;
  };
  End end() const { return {last_number_, last_hash_}; }
  void go_back(const End& end);
  /// Reads the log anew: another file is behind the Database now.
  void reload();

  /// The next records to send (1..200 and at most about 128 KiB of JSON), none while one batch waits for its acknowledgement.
  std::vector<scheduler::PlayRecord> next_batch();
  /// That batch went out: remembered before anything can acknowledge it.
  void sent(std::int64_t up_to);
  /// Nothing is on its way any more (new session, or no acknowledgement in time): the next batch begins after `acked`.
  void send_again();
  /// The controller asks for records again from `number` (order `report`), or from the first unacknowledged one where that is lower; refused as
  /// malformed where none were written.
  protocol::Result<void> send_from(std::int64_t number);
  bool waits_for_ack() const { return on_its_way_; }

  /// Takes an acknowledgement, or refuses it as protocol::check_ack says. After one of a part of the batch the rest still waits.
  protocol::Result<void> take_ack(const protocol::LogAck& ack);

  /// Some acknowledgements no longer count, because their key does not: those left reach to `acked`, the last of them was issued
  /// at `last_issued` (epoch: none is left). What is above is sent again.
  void forget_acks(std::int64_t acked, scheduler::TimePoint last_issued);

  /// What of a damaged file can still be read of the records that nobody acknowledged, the newest 1000 of them at most, in their order. Never throws
  /// DatabaseError.
  std::vector<scheduler::PlayRecord> rescue();

  /// Reads every record; throws DatabaseError where one cannot be.
  void check();

  /// Removes acknowledged records older than 30 days, and above 20,000 of them the oldest, whatever the clock says; the newest stays, for
  /// its number and hash.
  void prune(std::optional<scheduler::TimePoint> now);

 private:
  void save_state();

  Database& database_;
  struct {
    std::string log_id;
    std::int64_t sent = 0;
    std::int64_t acked = 0;
    std::optional<std::int64_t> last_issued;
  } state_;
  std::int64_t last_number_ = 0;
  std::string last_hash_;
  std::int64_t next_to_send_ = 1;
  bool on_its_way_ = false;
};

}  // namespace loa::node
