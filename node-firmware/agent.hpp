#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node-firmware/alert_board.hpp"
#include "node-firmware/awaited_alerts.hpp"
#include "node-firmware/clip_shelf.hpp"
#include "node-firmware/conductor.hpp"
#include "node-firmware/edge/edge.hpp"
#include "node-firmware/identity.hpp"
#include "node-firmware/lifecycle.hpp"
#include "node-firmware/node_clock.hpp"
#include "node-firmware/outbox.hpp"
#include "node-firmware/own_keys.hpp"
#include "node-firmware/plan_store.hpp"
#include "node-firmware/play_log.hpp"
#include "node-firmware/reporter.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/link.hpp"

namespace loa::node {

/// The node's mind: verifies what arrives, keeps it, lets the conductor sound it, and reports. It never waits: tick() does
/// what is due and says when to come again. Loop thread. A disk that refuses ends nothing: see DiskHealth.
class Agent {
 public:
  struct Parts {
    const Identity& identity;
    OwnKeys& keys;
    protocol::Link& link;
    NodeClock& clock;
    PlanStore& store;
    HistoryStore& history;
    PlayLog& log;
    RecordKeeper& records;
    DiskHealth& disk;
    Conductor& conductor;
    ClipShelf& shelf;
    const edge::Edge* edge = nullptr;  ///< the board's hardware, where it has any
    PlayLog* safe_log = nullptr;       ///< of the safe mode, where there was one
  };
  struct Settings {
    std::chrono::milliseconds state_period = std::chrono::minutes(30);
    std::string os;
    std::chrono::milliseconds certificate_age = std::chrono::hours(365 * 24);  ///< older, and it is renewed
    scheduler::TimePoint least_time = {};  ///< no clock before it is believed: the build date
    std::vector<Loss> losses = {};         ///< what damage took before there was an agent
    std::string safe_mode = {};            ///< not empty: no plan is played, and this is why
  };
  /// What the agent asks of its owner.
  struct Wishes {
    std::function<void()> wake;            ///< call tick() soon, not from within
    std::function<void()> restart;         ///< an order asked for it: end in order, the service manager starts anew
    std::function<void(std::string request)> refused = {};  ///< the broker refuses the bundle: show the controller this signed request another way
  };
  Agent(Parts parts, Settings settings, Wishes wishes);

  /// Reads and verifies what was kept, then begins to connect.
  void start();
  /// Does everything due now; the answer is when to call again at the latest.
  Monotonic tick();
  /// Says farewell and closes the link within `limit`; how far everything sounded is kept, no record is written for it.
  void stop(std::chrono::milliseconds limit, std::function<void()> stopped);

  Lifecycle lifecycle() const { return lifecycle_.now(); }
  /// The state as it would be sent now, without session, sequence and nonce.
  protocol::State state() const;
  /// Why the node is silent though it holds a plan, in one line; empty where it is not.
  std::string silence() const;
  /// PEM of the authorities to trust for broker and files: those of the key set held, the bundle's where it lists none.
  const std::string& authorities() const;

 private:
  /// For the first head of a session; doubles with each session that brings none.
  static constexpr std::chrono::seconds kHeadPatience{3};

  struct HeldMessage {
    protocol::LinkMessage message;
    Monotonic deadline{};
  };

  // What was kept (agent_kept.cpp).
  void load_keys();
  void load_plan();
  void load_alerts();
  void load_heard();
  void keep_heard();
  void tell_losses();
  void drop_revoked();
  void forget_marks();
  void heed_wishes();
  void set_brokers();
  const std::vector<std::string>& chain() const;
  void signed_at(const std::string& kid, scheduler::TimePoint issued);
  void keep_clock();

  // What arrives (agent_messages.cpp).
  void on_message(const protocol::LinkMessage& message);
  void dispatch(const protocol::LinkMessage& message);
  void refuse(const protocol::LinkMessage& message, About about, const protocol::Refusal& refusal);
  bool hold(const protocol::LinkMessage& message);
  void take_keys(const protocol::LinkMessage& message);
  void take_head(const protocol::LinkMessage& message);
  void take_plan(const protocol::LinkMessage& message);
  void take_alert(const protocol::LinkMessage& message);
  void take_ack(const protocol::LinkMessage& message);
  void take_controller_state(const protocol::LinkMessage& message);
  void follow_head(const protocol::Head& head, const std::string& kid);
  void move_to(const std::vector<std::string>& areas);
  void post_alert(PostedSnapshot posted);
  void keep_alerts();
  bool knows_wishes() const;
  void retry_held();

  // Orders (agent_orders.cpp).
  void take_order(const protocol::LinkMessage& message);
  void wait_for_time(const protocol::LinkMessage& message, const About& about);
  void look_at_waiting_orders();
  std::optional<protocol::Refusal> why_not(const protocol::Order& order) const;
  void obey(const protocol::Order& order);

  // The node's own keys (agent_keys.cpp).
  void look_at_keys();
  void introduce_keys();
  void tell_refused(const std::string& reason);
  void take_certificate(const protocol::LinkMessage& message);
  Monotonic next_look_at_keys() const;
  bool wants_other_authority() const;

  // The session (agent_session.cpp).
  protocol::ConnectTerms prepare_connect();
  void on_connected(const std::string& address);
  void on_disconnected(const std::string& reason);
  void look_at_silence();
  void ask_for_head();
  bool is_home(const std::string& address) const;
  void look_home();
  std::optional<Monotonic> next_of_session() const;

  // What it says of itself (agent_report.cpp).
  void report();
  Monotonic next_report() const;

  // What is due (agent.cpp).
  bool in_danger() const;
  void expire_waiting();
  void look_at_awaited();
  void settle();
  void refresh_wants();
  void look_at_shelf();
  void housekeeping();
  void say_silence();
  Monotonic next_wake(Monotonic sound) const;

  Parts parts_;
  Settings settings_;
  Wishes wishes_;
  Reporter reporter_;
  std::vector<Outbox> outboxes_;            // the log's, then that of what the safe mode left
  protocol::KeyRing ring_;
  AlertBoard board_;
  AwaitedAlerts awaited_;
  struct UnkeptAlerts {
    std::int64_t revision = 0;
    scheduler::TimePoint issued;
    std::string jws, kid;
  };
  std::string heard_;                           // what was kept of how soundings of alerts ended
  std::map<std::string, UnkeptAlerts> unkept_;  // by area: sound already, and are not on disk yet
  LifecycleTrack lifecycle_;
  std::string plan_kid_;                    // who signed the plan in force
  std::int64_t plan_held_ = 0;
  std::vector<HeldMessage> held_;           // signed by a key that is not known yet
  std::vector<HeldMessage> waiting_orders_; // until the time is known
  std::optional<Monotonic> hold_until_;     // while a held message is tried again
  bool head_this_session_ = false;
  bool controller_heard_ = true;
  Monotonic last_head_{};
  Monotonic head_deadline_{};               // in a session without a head: then ask again
  std::chrono::nanoseconds head_patience_ = kHeadPatience;
  std::string broker_;                      // of the present session
  Monotonic last_home_{};                   // when one of the bundle's brokers was last connected to, or tried
  bool looking_home_ = false;               // until the next session, only the bundle's brokers are tried
  std::optional<Event> plan_event_;
  std::optional<protocol::State> reported_;
  Monotonic last_report_{};
  bool report_asked_ = false;
  Monotonic next_clock_look_{};
  Monotonic next_request_{};                // for a certificate, while one is wanted
  std::optional<Monotonic> silence_said_;
  std::optional<Monotonic> refused_told_;   // that the broker refuses the bundle
  std::chrono::nanoseconds request_patience_{};
  std::int64_t asked_for_set_ = 0;          // key set under which keys were last made
  Monotonic next_housekeeping_{};
  bool wants_changed_ = true;
  std::optional<scheduler::TimePoint> fetch_until_;  // the month's data allows no more
  bool verified_ = false;                   // every file of the plan in force
  CacheReport shelf_;
  bool stopping_ = false;
};

}  // namespace loa::node
