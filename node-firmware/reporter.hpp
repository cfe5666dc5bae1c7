#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "node-firmware/identity.hpp"
#include "node-firmware/kept_files.hpp"
#include "node-firmware/node_clock.hpp"
#include "node-firmware/own_keys.hpp"
#include "protocol/link.hpp"
#include "protocol/messages.hpp"
#include "protocol/refusal.hpp"

namespace loa::node {

/// What a message was about, for its receipt.
struct About {
  protocol::MessageType type = protocol::MessageType::plan;
  std::string subject;        ///< order id, area id or node id
  std::int64_t revision = 0;
  std::string kid;
};

/// All that the node says, signed with the key of the session (OwnKeys::speaking): state, will, receipts, log batches, requests for a certificate. Loop thread.
class Reporter {
 public:
  Reporter(const Identity& identity, const OwnKeys& keys, protocol::Link& link, const NodeClock& clock);

  /// Counts the refusal, remembers it as the last, and sends a receipt (at most 20 a minute; the counters miss none).
  void refused(const About& about, const protocol::Refusal& refusal);
  void accepted(const About& about);
  /// Counts it as `malformed` and remembers it as the last refusal, so that the state says it; `where` is the file.
  void lost(const Loss& loss);

  /// A new session: the will that the broker shall send for it, from what `now` says of the node.
  protocol::LinkWill begin_session(std::int64_t session_number, protocol::State now);
  /// Says `state` in full, with a new nonce; true where it went out.
  bool send(protocol::State state);
  /// The farewell of an orderly end: the same bytes' meaning as the will.
  void send_gone(protocol::State state);
  /// True where the batch went out.
  bool send(const protocol::LogBatch& batch);
  bool send(const protocol::CertificateRequest& request);
  /// The bytes that send() would send.
  std::string signed_request(const protocol::CertificateRequest& request) const;
  /// Shows the controller the signed message in which it gave the keys that are spoken with.
  bool introduce(const std::string& answer);

  /// When the nonce was sent, if it is one of the last four of this session and this is its first echo, or a later one
  /// (`first` false).
  struct Echo {
    Monotonic sent{};
    bool first = false;
  };
  std::optional<Echo> echo_of(const std::string& nonce) const;
  void heard(const std::string& nonce);

  const std::optional<protocol::RefusalReport>& last_refusal() const { return last_refusal_; }
  const std::map<std::string, std::int64_t>& refusals() const { return refusals_; }

 private:
  struct Nonce {
    std::string text;
    Monotonic sent{};
    bool heard = false;
  };
  void send_receipt(protocol::Receipt receipt);
  protocol::State stamped(protocol::State state) const;
  std::string signed_by_us(protocol::MessageType type, const std::string& json) const;

  const Identity& identity_;
  const OwnKeys& keys_;
  protocol::Link& link_;
  const NodeClock& clock_;
  std::string session_;
  std::int64_t session_number_ = 0;
  std::int64_t sequence_ = 0;
  std::deque<Nonce> nonces_;
  std::deque<Monotonic> receipts_sent_;
  std::optional<protocol::RefusalReport> last_refusal_;
  std::map<std::string, std::int64_t> refusals_;
};

}  // namespace loa::node
