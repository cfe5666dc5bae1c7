#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/alert.hpp"
#include "scheduler/plan.hpp"
#include "scheduler/record.hpp"

namespace loa::protocol {

using scheduler::TimePoint;

/// The format number `v` that this code writes.
inline constexpr int kFormat = 1;

/// `typ` of the protected header; each belongs to one topic. PROTOCOL.md has the table.
enum class MessageType {
  keys, head, plan, alert, order, log_ack, state, receipt, log, controller_state, bulletin, certificate_request, certificate
};
const char* name_of(MessageType type);  ///< "loa-keys", "loa-head", …

/// One Ed25519 key of the key set.
struct SigningKey {
  std::string kid;
  std::array<unsigned char, 32> public_key{};
  std::vector<MessageType> may_sign;
  std::string branch;               ///< area id: the key counts for it and everything below
  TimePoint not_before;             ///< dates bound when it may sign, not when its plans play
  TimePoint not_after;
  std::optional<TimePoint> revoked; ///< set: nothing it signed counts any more
  bool operator==(const SigningKey&) const = default;
};

/// Root-signed and numbered; the highest number wins, it does not expire.
struct KeySet {
  std::int64_t number = 0;
  TimePoint issued;
  std::vector<SigningKey> keys;
  /// Certificate authorities that a node trusts for broker and files in place of its bundle's: X.509 certificates, DER in base64url.
  std::optional<std::vector<std::string>> authorities = {};
  bool operator==(const KeySet&) const = default;
};

/// The alert revision of one area of a node's chain, in its order from the province down.
struct AreaHead {
  std::string area;
  std::int64_t alert_revision = 0;
  bool operator==(const AreaHead&) const = default;
};

/// Proof of freshness for one node: echoes its nonce and names what it should hold.
struct Head {
  std::string node;
  std::string nonce;              ///< of the node's last state, 22 characters base64url
  TimePoint issued;               ///< must rise from head to head
  std::int64_t plan_revision = 0; ///< wanted; 0: none was made yet
  std::int64_t key_set = 0;
  std::vector<AreaHead> areas;
  bool operator==(const Head&) const = default;
};

enum class OrderKind { self_test, stop, report, restart };
const char* name_of(OrderKind kind);

/// An act to be done once.
struct Order {
  std::string id;
  std::string node;
  TimePoint issued;
  TimePoint expires;
  OrderKind kind = OrderKind::report;
  std::string occurrence_id;      ///< stop: only this one; empty: whatever sounds
  std::int64_t from_number = 0;   ///< report: send records again from this number; 0: no resend
  std::vector<std::string> areas; ///< the chain of the node
  bool operator==(const Order&) const = default;
};

/// "I have stored everything of this log up to and including `number`."
struct LogAck {
  std::string node;
  TimePoint issued;
  std::string log_id;
  std::int64_t number = 0;
  std::vector<std::string> areas;
  bool operator==(const LogAck&) const = default;
};

/// Where a node is in its life; the agent's table of transitions uses the same names.
enum class Lifecycle { starting, connecting, fetching, ready, playing, alerting, expired, stopping, gone };
const char* name_of(Lifecycle lifecycle);

/// A node's refusal, as it reports the last one.
struct RefusalReport {
  std::string code;
  std::string where;
  std::string message;
  TimePoint at;
  bool operator==(const RefusalReport&) const = default;
};

/// Whether a node can write to its disk.
enum class DiskHealth { ok, full, read_only, failing };
const char* name_of(DiskHealth health);

/// What feeds a node, where its board can tell.
enum class Supply { mains, dc, battery };
const char* name_of(Supply supply);

/// A node's amplifier, where its power is switched by the node; `fault`: its fault line says so.
enum class Amplifier { off, on, fault };
const char* name_of(Amplifier amplifier);

/// A node's own word about itself; signed, retained, and (with lifecycle `gone`) its last will.
struct State {
  std::string node;
  std::string session;             ///< random at each connect; the will carries the same
  std::int64_t session_number = 0; ///< rises at each connect, by more than one after a restart; kept on disk
  std::int64_t sequence = 0;       ///< rises within the session; the will has the highest possible
  TimePoint issued;                ///< the node's clock, see clock
  std::string nonce;               ///< new in each state, empty in the will
  Lifecycle lifecycle = Lifecycle::starting;
  std::vector<int> formats;        ///< format numbers that it reads
  std::int64_t plan_held = 0;      ///< revision of the plan in force
  std::int64_t plan_verified = 0;  ///< revision whose every file was verified
  std::int64_t plan_highest = 0;   ///< highest revision that any valid head named
  std::int64_t key_set = 0;
  std::vector<AreaHead> areas;     ///< chain it holds with the alert revisions it holds
  std::string log_id;
  std::int64_t log_number = 0;     ///< highest in the log
  std::int64_t log_acked = 0;
  std::optional<RefusalReport> last_refusal;
  std::map<std::string, std::int64_t> refusals;  ///< count by code since start
  scheduler::ClockQuality clock = scheduler::ClockQuality::untrusted;
  std::int64_t clock_offset_ms = 0;  ///< node clock − system clock
  std::optional<std::int64_t> clock_bound_ms = {};  ///< the clock is not further off than this; nothing: no bound is known
  bool muted = false;
  int volume = 0;
  std::string sounding;            ///< occurrence id, empty: silence
  std::optional<double> level_dbfs;
  scheduler::LevelKind level_kind = scheduler::LevelKind::digital;
  std::optional<Amplifier> amplifier = {};
  std::optional<double> amplifier_dbfs = {};  ///< level measured behind the amplifier
  bool controller_heard = true;
  std::int64_t clips_wanted = 0;
  std::int64_t clips_held = 0;
  std::int64_t disk_free = 0;      ///< bytes
  std::int64_t disk_budget = 0;    ///< bytes that the cache may use
  std::optional<DiskHealth> disk = {};
  std::optional<int> signal_percent;
  std::optional<Supply> supply = {};
  std::optional<std::int64_t> supply_mv = {};
  std::optional<double> temperature_c = {};
  std::optional<std::int64_t> data_used = {};    ///< bytes in both directions, this month by the node's zone
  std::optional<std::int64_t> data_budget = {};  ///< bytes a month
  std::optional<std::string> safe_mode = {};     ///< set: it plays no plan, takes alerts and orders, and this is why
  std::string version;
  std::string os;
  bool operator==(const State&) const = default;
};

/// A node's answer to a plan, alert snapshot, order, head, key set or log-ack.
struct Receipt {
  std::string node;
  std::string id;                 ///< random, one for each receipt
  TimePoint issued;
  MessageType about = MessageType::plan;
  std::string subject;            ///< order id, area id, or node id
  std::int64_t revision = 0;
  bool accepted = false;
  std::string code;               ///< refusal code name, empty when accepted
  std::string where;
  std::string message;
  std::string key_id;             ///< kid that the message named
  bool operator==(const Receipt&) const = default;
};

/// Play records in order, all of one log.
struct LogBatch {
  std::string node;
  TimePoint issued;
  std::string log_id;
  std::vector<scheduler::PlayRecord> records;  ///< 1..200, numbers without gaps
  bool operator==(const LogBatch&) const = default;
};

/// Whether the controller is there; its last will says it is not.
struct ControllerState {
  bool online = false;
  TimePoint issued;
  std::string session;
  bool operator==(const ControllerState&) const = default;
};

/// A node asks for keys of its own in place of those that it signs this with: those of its bundle, or, to renew them, its own.
struct CertificateRequest {
  std::string node;
  std::string id;                  ///< random, the same until it is answered: asked again it is answered alike
  TimePoint issued;
  std::string csr_pem;             ///< PKCS#10 (RFC 2986) of its new TLS key, common name = node id
  std::array<unsigned char, 32> signing_key{};  ///< its new Ed25519 key
  std::string proof;               ///< base64url of that key's signature over proof_text()
  bool operator==(const CertificateRequest&) const = default;
};
/// What a request's new signing key signs, so that nobody asks with a key that he does not have.
std::string proof_text(const CertificateRequest& request);

/// The controller's answer: from now on the node may speak with these keys.
struct Certificate {
  std::string node;
  TimePoint issued;
  std::string request;             ///< id of the request that it answers
  std::string certificate_pem;     ///< of the TLS key that the request named, by the controller's authority
  std::array<unsigned char, 32> signing_key{};  ///< that the request named
  std::vector<std::string> areas;  ///< the chain of the node
  bool operator==(const Certificate&) const = default;
};

}  // namespace loa::protocol
