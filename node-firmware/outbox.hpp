#pragma once
#include <chrono>
#include <optional>

#include "node-firmware/play_log.hpp"
#include "node-firmware/record_keeper.hpp"
#include "node-firmware/reporter.hpp"

namespace loa::node {

/// Sends one PlayLog over the link: one batch at a time, and again, ever more rarely (30 s to 10 min), where no acknowledgement comes. Loop thread.
class Outbox {
 public:
  struct Parts {
    PlayLog& log;
    RecordKeeper& records;
    Reporter& reporter;
    const NodeClock& clock;
    std::string node;
  };
  explicit Outbox(Parts parts) : parts_(std::move(parts)) {}

  PlayLog& log() { return parts_.log; }
  const PlayLog& log() const { return parts_.log; }
  /// Sends what is due; call while connected.
  void send();
  /// Takes an acknowledgement of this log, or refuses it.
  protocol::Result<void> take_ack(const protocol::LogAck& ack);
  /// When send() has something to do again; nothing while no batch is on its way.
  std::optional<Monotonic> deadline() const;

 private:
  Parts parts_;
  Monotonic deadline_{};
  std::chrono::nanoseconds patience_{};
};

}  // namespace loa::node
