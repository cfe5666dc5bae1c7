#pragma once
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/broadcast/alert_work.hpp"
#include "controller/broadcast/areas_to_sign.hpp"
#include "controller/broadcast/certifier.hpp"
#include "controller/broadcast/change.hpp"
#include "controller/broadcast/figures.hpp"
#include "controller/broadcast/heads.hpp"
#include "controller/broadcast/hold_findings.hpp"
#include "controller/broadcast/ingest.hpp"
#include "controller/broadcast/lacks.hpp"
#include "controller/broadcast/outbox.hpp"
#include "controller/broadcast/plan_work.hpp"
#include "controller/broadcast/retained.hpp"
#include "controller/broadcast/roster.hpp"
#include "controller/broadcast/signer.hpp"
#include "controller/store/alerts.hpp"
#include "controller/store/store.hpp"
#include "protocol/formats.hpp"
#include "protocol/link.hpp"

namespace loa::broadcast {

/// How the room stands, for /healthz.
struct BroadcastHealth {
  bool connected = false;
  bool clock_behind = false;        ///< nothing is signed: see Signer::time
  std::string trouble;              ///< the last thing that kept a plan or snapshot from being signed, empty where none did
  std::size_t nodes = 0;
  std::size_t nodes_without_plan = 0;  ///< those there that do not hold the wanted plan
  std::size_t waiting = 0;          ///< publications and messages in queues
  TimePoint since;                  ///< when the connection came or went
  bool on_hold = false;             ///< nothing is published: see Broadcaster::resume
  std::int64_t key_set_seen = 0;    ///< highest number that a node reports to hold, or that the broker retains, signed by the root
};

/// A node that has said nothing for long.
struct UnheardNode {
  std::string id;
  std::string area;
  TimePoint heard;  ///< the last time
};

/// A node whose keys will soon count no more.
struct LapsingNode {
  std::string id;
  std::string area;
  TimePoint ends;
  bool bundled = false;  ///< its board has not joined yet
};

/// Speaks with the nodes: makes, signs and publishes plans, alerts, heads and orders, and takes what nodes report. Made, used and
/// destroyed on the loop; link and store outlive it.
class Broadcaster {
 public:
  Broadcaster(store::Store& store, protocol::Link& link, std::shared_ptr<const ControllerKeys> keys, PlanSettings settings,
              OnChange change, protocol::Formats formats = {});

  /// How nodes get keys of their own: `issue` makes a certificate for a request and throws std::invalid_argument where it cannot, `check` reads one that
  /// was given before (both as CertifierHandlers), `keys_ended` is told when certificates have ended, so that the broker learns it. Before load(); without it no request is answered.
  using Certify = std::function<authority::IssuedCertificate(const std::string& pem, const std::string& node)>;
  void certify_with(Certify issue, Certify check, std::function<void()> keys_ended);
  /// Reads what the store knows (nodes, plans, alerts, newest signed time); await it before start(). Throws what the store throws.
  boost::asio::awaitable<void> load();
  /// Begins to connect and looks after everything that is due every `period`; zero: the caller calls tick().
  void start(Millis period = Millis{250});
  /// Does what is due at the clock's now: resends, renewals, checks, silence.
  void tick();
  /// Says that the controller goes, and closes the link; `closed` is called once that is done or `limit` has passed.
  void close(Millis limit, std::function<void()> closed);

  // After the write that each follows was committed (see controller/api/hooks.hpp):
  /// What the plans of nodes below these areas, and of these nodes, are made of has changed.
  void plans_changed(const std::vector<std::string>& areas, const std::vector<std::string>& nodes);
  /// Signs and sends an order that the store has; again at each reconnect of the node, and once by a controller that started anew,
  /// until the node answers or the order expires.
  void send_order(const protocol::Order& order);
  /// An alert of this area was confirmed or cancelled.
  void alert_changed(const std::string& area);
  /// A node was added, moved or retired.
  void node_changed(const std::string& node);
  /// The tree itself changed: chains are read anew, and what follows from them.
  void areas_changed();
  /// Somebody says that the broker refuses his board, and shows this request for a certificate: see Ingest::take_refused.
  void board_refused(const std::string& request) { x_ingest.take_refused(request); }
  /// Another key set: published, and everything is signed anew with what it allows.
  void keys_changed(std::shared_ptr<const ControllerKeys> keys);

  /// With what the link proves who it is, and whom it trusts (PEM), from its next connection on.
  void connect_as(protocol::LinkCredentials credentials, std::string ca_pem);
  /// Where the store has an open recovery hold when load() reads it, nothing is published: no plan, alert, key set or order. What nodes say is kept and
  /// acknowledged, they get heads that name what they hold (Heads::echo_only), and what the broker retains is looked at. resume() ends that, after the
  /// store's hold has ended: everything is signed anew, above all that nodes and broker were found to hold, and every node is asked for its records.
  /// A hold that ended while no controller ran, or whose end was not followed by all that, goes on from load() until what the broker retains was looked
  /// at after the first connect; then it resumes by itself.
  bool on_hold() const { return x_on_hold; }
  const HoldFindings& findings() const { return x_findings; }
  void resume();
  /// Called where the broker retains a key set that the root signed and whose number is above the controller's own, which is then not published.
  void on_higher_key_set(std::function<void(const std::string& jws)> take) { x_take_key_set = std::move(take); }

  const protocol::KeySet& key_set() const { return x_keys->key_set; }
  BroadcastHealth health() const;
  Figures figures() const;
  /// Nodes that have reported before, and last longer ago than `limit`.
  std::vector<UnheardNode> unheard(Millis limit) const;
  /// Nodes that speak and for longer than `limit` have lacked what was sent to them.
  std::vector<WithheldNode> withheld(Millis limit) const;
  /// Nodes whose certificate, or bundle, ends within `notice`.
  std::vector<LapsingNode> lapsing(Millis notice) const;
  /// Whether nothing waits to be planned, signed or kept.
  bool idle() const;

 private:
  struct Loaded;
  static Loaded read(store::Session& session);
  void take_loaded(Loaded loaded);
  bool counts_still(const std::string& area) const;
  /// Adds the areas whose signed snapshot does not hold these alerts as they are.
  void sign_unheld(const std::vector<store::AlertToHold>& alerts);
  bool holds(const std::string& area, const std::vector<store::AlertToHold>& alerts) const;
  protocol::ConnectTerms prepare_connect();
  void connected();
  void note_connection(bool there);
  void message(const protocol::LinkMessage& message);
  std::optional<std::string> controller_state(bool online, int format);
  void publish_state(bool online);
  void publish_keys();
  /// A node holds this number: where it is an older one, publishes the key set once more, at most every kKeysAgainEvery.
  void publish_keys_again(std::int64_t held);

  void node_state(KnownNode& known, const std::optional<protocol::State>& before);
  void check_revision(KnownNode& known);
  void receipt(const protocol::Receipt& receipt);
  void count_refusing(const protocol::Receipt& receipt);
  void acknowledge(const AckDue& ack);
  /// Sends the node's open orders; where it is in a session that had them, only those that this run has not sent.
  void resend_orders(const KnownNode& known, bool new_session);

  template <class F>
  auto write(F job, store::Lane lane = store::Lane::usual) {
    return x_store.write(store::system_actor(), std::move(job), lane);
  }
  /// What is done one thing after another on the store thread, in the order of their weight; alerts are signed beside it.
  enum class Task { look_at_store, expect_alerts, reload, plan, ask_for_records, finish_hold, keep_newest };
  static constexpr std::size_t kTasks = 7;
  struct TaskState {
    TimePoint again_at;   ///< after a failure of this task
    std::string trouble;  ///< why it failed last; empty where it did not
  };
  void work();
  boost::asio::awaitable<void> run_signing();
  boost::asio::awaitable<void> run_tasks();
  boost::asio::awaitable<void> run(Task task);
  bool wants(Task task) const;
  std::optional<Task> next_task() const;
  bool has_alerts_to_sign() const { return !x_on_hold && x_areas_to_sign.is_due(x_clock.now()); }
  bool has_work() const;
  void check_once_done();
  TaskState& state_of(Task task) { return x_tasks[static_cast<std::size_t>(task)]; }
  const TaskState& state_of(Task task) const { return x_tasks[static_cast<std::size_t>(task)]; }
  void note_left_out(const std::string& area, std::vector<LeftOut> left_out);
  std::vector<std::string> left_out() const;
  boost::asio::awaitable<void> reload_nodes();
  /// What was committed without that the room was told: the connection to the database broke at the commit.
  boost::asio::awaitable<void> look_at_store();
  boost::asio::awaitable<void> expect_alerts();
  boost::asio::awaitable<void> sign_area(std::string area);
  boost::asio::awaitable<void> plan_some();
  boost::asio::awaitable<void> keep_newest();
  boost::asio::awaitable<void> ask_for_records();
  boost::asio::awaitable<void> finish_hold();
  bool hold_is_finished() const;
  void look_at_retained(const protocol::Topic& topic, const std::string& packet);
  bool keys_are_higher(const protocol::LinkMessage& message, const protocol::Topic& topic);
  std::int64_t seen_alerts(const std::string& area) const;
  int format_of(const KnownNode& known) const {
    return known.state ? x_formats.highest_for(known.state->formats) : protocol::kFormat;
  }
  void put_off(const protocol::Refusal& why);
  static constexpr Millis kRetryAfter{5000};  ///< after a failure
  static constexpr std::size_t kMostPlansAtOnce = 16;
  void renew_due(TimePoint now);
  void look_at_nodes(TimePoint now);
  void tell_silent(TimePoint now);
  void note_lacks(TimePoint now);
  void wait_for_tick(Millis period);

  store::Store& x_store;
  protocol::Link& x_link;
  const protocol::Clock& x_clock;
  std::shared_ptr<const ControllerKeys> x_keys;
  PlanSettings x_settings;
  OnChange x_change;
  protocol::Formats x_formats;
  Signer x_signer;
  Roster x_roster;
  Outbox x_outbox;
  RetainedTopics x_retained;
  Heads x_heads;
  Ingest x_ingest;
  Certify x_issue;
  Certify x_check;
  std::function<void()> x_keys_ended;
  Certifier x_certifier;
  std::optional<protocol::LinkCredentials> x_credentials;
  std::optional<std::string> x_ca_pem;
  std::string x_session;             ///< random at each connect; the will carries the same
  std::vector<std::string> x_roots;  ///< areas without a parent
  struct OpenOrder {
    protocol::Order order;
    bool sent = false;  ///< by this run
  };
  std::map<std::string, OpenOrder> x_orders;  ///< neither answered nor expired; the store has them too
  AreasToSign x_areas_to_sign;
  std::set<std::string> x_nodes_to_plan;
  std::set<std::string> x_to_sign_anew;             ///< of those: also where nothing changed
  std::map<std::string, std::int64_t> x_raised;     ///< nodes that were told of a higher revision than ours
  bool x_reload = false;
  bool x_look_at_store = false;
  bool x_expect_alerts = false;   ///< write down which soundings of alerts come
  Expectations x_expectations;
  bool x_signing = false;   ///< run_signing() is at work
  bool x_working = false;   ///< run_tasks() is
  TimePoint x_sign_again_at;  ///< after a failure of store or clock
  std::array<TaskState, kTasks> x_tasks;
  std::optional<Task> x_last_task;
  std::size_t x_plans_at_once = kMostPlansAtOnce;
  std::string x_plans_behind;  ///< the node behind which planning goes on
  TimePoint x_renewal_at;
  TimePoint x_look_at;
  TimePoint x_look_at_store_at;
  TimePoint x_expect_alerts_at;
  TimePoint x_keys_again_at;
  TimePoint x_newest_kept;
  bool x_was_connected = false;
  TimePoint x_connection_since;
  std::string x_trouble;
  std::string x_sign_trouble;  ///< why no alert could be signed
  std::map<std::string, std::vector<LeftOut>> x_left_out;  ///< by area, of its last snapshot
  std::map<std::string, std::uint64_t> x_refused_by_nodes;  ///< by code
  bool x_on_hold = false;
  bool x_resumes = false;  ///< on hold only until the look at what the broker retains is over: the store's hold has ended
  std::int64_t x_hold = 0;       ///< the number of that hold
  std::int64_t x_unfinished = 0; ///< of one that ended, until everything is signed anew
  bool x_check_after = false;  ///< after a hold: once everything is signed, what the broker retains is made equal to it
  bool x_ask_records = false;  ///< after a hold
  HoldFindings x_findings;
  std::function<void(const std::string&)> x_take_key_set;
  boost::asio::steady_timer x_timer;
};

}  // namespace loa::broadcast
