#pragma once
#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controller/broadcast/change.hpp"
#include "controller/broadcast/figures.hpp"
#include "controller/broadcast/roster.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/receipts.hpp"
#include "controller/store/store.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/link.hpp"
#include "protocol/topics.hpp"

namespace loa::broadcast {

/// "Everything of this log up to `number` is stored": to be signed and sent.
struct AckDue {
  std::string node;
  std::string log_id;
  std::int64_t number = 0;
};

/// What ingest tells the rest of the room, on the loop.
struct IngestHandlers {
  /// A newer state, already in the roster; `before` is the one held until then.
  std::function<void(KnownNode&, const std::optional<protocol::State>& before)> state;
  /// The newest state that is known, come again: as retained, most often to a controller that started anew.
  std::function<void(KnownNode&)> again;
  std::function<void(const protocol::Receipt&)> receipt;
  /// A request for a certificate, signed by the keys that the node speaks with.
  std::function<void(const KnownNode&, const protocol::CertificateRequest&)> request;
  /// A node shows the message in which it was given its keys; nothing in it is checked yet.
  std::function<void(const KnownNode&, const std::string& answer)> introduced;
  /// Committed: a node was heard with new keys, and those that it had have ended.
  std::function<void(const std::string& node)> keys_taken;
  /// Committed: acknowledge it.
  std::function<void(const AckDue&)> acknowledge;
  OnChange change;
};

/// Takes what nodes say: verifies it against the node's own keys, keeps it in the store in batches, then has it acknowledged.
/// Bounded: beyond kMaxBatches a log batch is dropped (the node sends it again), beyond kMaxReceipts a receipt is; of states only the
/// newest of each node waits. On the loop.
class Ingest {
 public:
  Ingest(store::Store& store, Roster& roster, IngestHandlers handlers);

  void take(const protocol::LinkMessage& message, const protocol::Topic& topic);
  /// A request for a certificate that came past the broker, because that does not let its board in: where it is signed with the key of a
  /// bundle that was used up it is refused, and an alarm; otherwise nothing happens.
  void take_refused(const std::string& request);
  /// Counts a refusal, to be written with the next batch.
  void refuse(const std::string& node, const std::string& about, const std::string& code, const std::string& where,
              const std::string& message);
  /// Writes what waits, where nothing is being written yet.
  void flush();
  /// Whether nothing waits to be written but refusals, which wait for the next flush.
  bool idle() const { return !x_writing && waiting() == 0; }
  /// Adds its part to the figures of the room.
  void measure(Figures& figures) const;
  std::size_t waiting() const { return x_batches.size() + x_states.size() + x_receipts.size() + x_taken.size(); }

  static constexpr std::size_t kMaxBatches = 256;
  static constexpr std::size_t kBatchesAtOnce = 32;
  static constexpr std::size_t kMaxReceipts = 2000;
  static constexpr std::size_t kMaxRefusals = 1000;

 private:
  using MessageType = protocol::MessageType;
  struct SaidBatch {
    protocol::LogBatch batch;
    std::string message;  ///< as the board signed it
  };
  struct Work {
    std::vector<store::NodeState> states;
    std::vector<protocol::Receipt> receipts;
    std::vector<SaidBatch> batches;
    std::vector<store::RefusalRow> refusals;
    std::map<std::string, std::string> taken;  ///< serial of the keys that a node was heard with first, by node
  };
  struct Done {
    std::vector<std::string> keys_taken;
    std::vector<AckDue> acks;
    std::vector<Change> changes;
    std::map<scheduler::Outcome, std::uint64_t> plays;
  };
  bool has_work() const;
  Work take_work();
  void put_back(Work work);
  static Done write(store::Transaction& transaction, const Work& work);
  static void write_batch(store::Transaction& transaction, const SaidBatch& said, Done& done);
  boost::asio::awaitable<Done> keep(std::shared_ptr<Work> work);
  boost::asio::awaitable<void> drain();

  /// What the node signed with the keys in force, or with those that it was offered, which are in force from then on; nothing where it
  /// did not, which is refused.
  std::optional<protocol::Verified> verify(KnownNode& known, const protocol::LinkMessage& message, MessageType type);
  void use_keys(KnownNode& known, const store::NodeKeys& keys);
  void refuse_former(const KnownNode& known, const store::NodeKeys& keys, const protocol::LinkMessage& message,
                     const protocol::Verified& verified);
  void take_request(KnownNode& known, const protocol::LinkMessage& message);
  void take_state(KnownNode& known, const protocol::LinkMessage& message);
  void take_receipt(KnownNode& known, const protocol::LinkMessage& message);
  void take_log(KnownNode& known, const protocol::LinkMessage& message);
  void refuse(const std::string& node, MessageType about, const protocol::Refusal& refusal);

  store::Store& x_store;
  Roster& x_roster;
  IngestHandlers x_handlers;
  std::map<std::string, store::NodeState> x_states;
  std::deque<protocol::Receipt> x_receipts;
  std::deque<SaidBatch> x_batches;
  std::map<std::string, store::RefusalRow> x_refusals;
  std::map<scheduler::Outcome, std::uint64_t> x_plays;  ///< records kept since the start
  std::map<std::string, std::string> x_taken;
  bool x_writing = false;
};

}  // namespace loa::broadcast
