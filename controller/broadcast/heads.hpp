#pragma once
#include <random>
#include <string>

#include "controller/broadcast/outbox.hpp"
#include "controller/broadcast/retained.hpp"
#include "controller/broadcast/roster.hpp"
#include "controller/broadcast/signer.hpp"
#include "protocol/formats.hpp"

namespace loa::broadcast {

/// Tells nodes what they should hold: a head for each new nonce and each change, again with back-off until the node reports
/// that it holds the wanted plan and the newest alerts. On the loop.
class Heads {
 public:
  Heads(Roster& roster, Outbox& outbox, RetainedTopics& retained, Signer& signer, const protocol::Formats& formats);

  /// Sends a head to the node, if it is there and has ever said a nonce.
  void send(const std::string& node);
  /// To every node below `area`.
  void send_below(const std::string& area);
  void send_all();
  /// A node's newest state, already in the roster: answers its nonce, and begins or ends telling it of its plan again.
  void on_state(KnownNode& known, TimePoint now);
  /// The node was just told of a plan that it does not hold yet: tells it again until it does.
  void expect_held(KnownNode& known, TimePoint now);
  /// Repeats heads that are due for it.
  void tick(TimePoint now);

  /// Set: a head names what the node itself last reported (its chain, revisions and key set) and nothing else, and none is repeated. It proves the
  /// time and that somebody is there, and moves no node to anything.
  void echo_only(bool echo) { x_echo = echo; }

  static constexpr Millis kFirstResend{5000};
  static constexpr Millis kLongestResend{10 * 60 * 1000};

 private:
  std::optional<std::string> make(const std::string& node);
  void publish_lacked(const KnownNode& known);
  protocol::Head present(const KnownNode& known) const;
  protocol::Head echo(const KnownNode& known) const;
  void plan_resend(KnownNode& known, TimePoint now);

  Roster& x_roster;
  Outbox& x_outbox;
  RetainedTopics& x_retained;
  Signer& x_signer;
  const protocol::Formats& x_formats;
  bool x_echo = false;
  std::minstd_rand x_random{std::random_device{}()};
};

}  // namespace loa::broadcast
