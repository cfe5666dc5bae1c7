#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "controller/broadcast/alert_work.hpp"
#include "controller/broadcast/broadcaster.hpp"
#include "controller/store/alerts.hpp"
#include "controller/store/plans.hpp"
#include "controller/store/receipts.hpp"
#include "controller/store/recovery_hold.hpp"
#include "protocol/envelope.hpp"
#include "protocol/topics.hpp"

// Lambdas are named before they are awaited on: g++ 12 destroys a temporary one twice (gcc bug 107288).
// What is done on the store thread and then published: one thing after another, alerts first.
namespace loa::broadcast {
namespace {

constexpr std::size_t kNodesAtOnce = 16;
constexpr Millis kRetryAfter{5000};
constexpr Millis kKeepNewestEvery{1000};

}  // namespace

struct Broadcaster::Loaded {
  std::vector<std::string> roots;
  std::vector<store::NodeRow> nodes;
  std::vector<store::NodeKeys> keys;
  std::vector<store::PlanRevision> revisions;
  std::vector<store::SnapshotRevision> snapshots;
  std::vector<store::Retained> retained;
  std::vector<protocol::Order> orders;
  bool on_hold = false;
  TimePoint newest;
};

Broadcaster::Loaded Broadcaster::read(store::Session& session) {
  Loaded loaded;
  for (const auto& area : store::list_areas(session))
    if (area.parent.empty()) loaded.roots.push_back(area.id);
  loaded.nodes = store::list_node_rows(session, loaded.roots);
  loaded.keys = store::list_live_node_keys(session);
  loaded.revisions = store::list_plan_revisions(session);
  loaded.snapshots = store::list_snapshot_revisions(session);
  loaded.retained = store::list_retained(session);
  loaded.newest = scheduler::from_ms(store::find_mark(session, "newest_signed"));
  return loaded;
}

boost::asio::awaitable<void> Broadcaster::load() {
  auto first = [now = x_clock.now()](store::Session& session) {
    auto loaded = read(session);
    loaded.orders = store::list_open_orders(session, now);
    loaded.on_hold = store::find_recovery_hold(session).has_value();
    return loaded;
  };
  auto loaded = co_await x_store.run(std::move(first));
  x_signer.restore(loaded.newest);
  x_newest_kept = loaded.newest;
  for (const auto& snapshot : loaded.snapshots) x_roster.alert_revisions[snapshot.area] = snapshot.revision;
  x_findings.use_keys(x_keys->key_set_jws);
  x_on_hold = loaded.on_hold;
  x_heads.echo_only(x_on_hold);
  if (x_on_hold) {
    // What was last signed here is not what was last signed.
    loaded.retained.clear();
    loaded.orders.clear();
    x_retained.be_quiet([this](const protocol::Topic& topic, const std::string& packet) { look_at_retained(topic, packet); });
  }
  const auto retained = loaded.retained;
  const auto orders = loaded.orders;
  take_loaded(std::move(loaded));
  for (auto order : orders) {
    const auto* known = x_roster.find(order.node);
    if (!known) continue;
    order.areas = known->areas;  // the node may have moved since
    x_orders.emplace(order.id, OpenOrder{order, false});
  }
  x_roster.key_set = x_keys->key_set.number;
  for (const int format : x_formats.numbers()) x_retained.load(protocol::keys_topic(format), x_keys->key_set_jws);
  for (const auto& one : retained) {
    const auto topic = protocol::parse_topic(one.topic);
    if (!topic || (topic->type == protocol::MessageType::plan && !x_roster.find(topic->id))) continue;
    x_retained.load(one.topic, one.packet);
  }
  for (const auto& [area, revision] : x_roster.alert_revisions)
    if (!counts_still(area)) x_areas_to_sign.insert(area);
  for (const auto& [id, known] : x_roster.nodes) x_nodes_to_plan.insert(id);
}

// Whether an area's snapshot is there in each format, signed by a key that is listed and not revoked.
bool Broadcaster::counts_still(const std::string& area) const {
  for (const int format : x_formats.numbers()) {
    const auto* packet = x_retained.find(protocol::alert_topic(area, format));
    if (!packet) return false;
    const auto envelope = protocol::open(*packet, protocol::MessageType::alert);
    if (!envelope) return false;
    const auto& keys = x_keys->key_set.keys;
    if (std::none_of(keys.begin(), keys.end(),
                     [&](const auto& key) { return key.kid == envelope->kid && !key.revoked; }))
      return false;
  }
  return true;
}

void Broadcaster::take_loaded(Loaded loaded) {
  x_roots = std::move(loaded.roots);
  std::set<std::string> there;
  std::map<std::string, std::vector<store::NodeKeys>> keys;
  for (auto& one : loaded.keys) keys[one.node].push_back(std::move(one));
  for (auto& row : loaded.nodes) {
    const auto& id = row.node.id;
    there.insert(id);
    auto& known = x_roster.nodes[id];
    const bool moved = known.areas != row.areas;
    known.node = row.node;
    known.keys = std::move(keys[id]);
    known.areas = std::move(row.areas);
    known.time_zone = row.wanted.time_zone;
    if (!known.state && row.state) {
      known.state = row.state->state;
      known.heard = row.state->received;
    }
    if (!moved) continue;
    x_nodes_to_plan.insert(id);
    x_heads.send(id);
  }
  for (const auto& revision : loaded.revisions)
    if (auto* known = x_roster.find(revision.node); known && known->wanted < revision.revision) {
      known->wanted = revision.revision;
      known->plan_made = revision.made;
    }
  for (auto node = x_roster.nodes.begin(); node != x_roster.nodes.end();) {
    if (there.contains(node->first)) {
      ++node;
      continue;
    }
    if (!x_on_hold) {
      x_retained.drop(protocol::plan_topic(node->first));
      x_outbox.push(Priority::plan, protocol::state_topic(node->first), true, std::string());
    }
    node = x_roster.nodes.erase(node);
  }
}

void Broadcaster::plans_changed(const std::vector<std::string>& areas, const std::vector<std::string>& nodes) {
  for (const auto& node : nodes)
    if (x_roster.find(node)) x_nodes_to_plan.insert(node);
  for (const auto& [id, known] : x_roster.nodes)
    for (const auto& area : areas)
      if (std::find(known.areas.begin(), known.areas.end(), area) != known.areas.end()) x_nodes_to_plan.insert(id);
  work();
}

void Broadcaster::alert_changed(const std::string& area) {
  x_areas_to_sign.insert(area);
  work();
}

void Broadcaster::node_changed(const std::string&) { areas_changed(); }

void Broadcaster::areas_changed() {
  x_reload = true;
  work();
}

void Broadcaster::keys_changed(std::shared_ptr<const ControllerKeys> keys) {
  x_keys = keys;
  x_signer.set_keys(std::move(keys));
  x_findings.use_keys(x_keys->key_set_jws);
  publish_keys();
  for (const auto& [area, revision] : x_roster.alert_revisions) x_areas_to_sign.insert(area);
  for (const auto& [id, known] : x_roster.nodes) x_nodes_to_plan.insert(id);
  x_heads.send_all();
  x_trouble.clear();
  x_retry_at = {};
  if (x_link.connected()) {
    publish_state(true);
    // Whoever held the old keys may have left something on the broker.
    x_retained.begin_check(x_formats.numbers(), x_clock.now());
  }
  std::vector<protocol::Order> open;
  for (const auto& [id, one] : x_orders)
    if (one.sent) open.push_back(one.order);
  for (const auto& order : open) send_order(order);
  work();
}

bool Broadcaster::has_work() const {
  const bool to_sign = !x_on_hold && (!x_areas_to_sign.empty() || !x_nodes_to_plan.empty() || x_ask_records);
  return x_reload || to_sign ||
         x_signer.newest() > x_newest_kept + kKeepNewestEvery;
}

bool Broadcaster::idle() const { return !x_working && !has_work() && x_ingest.idle() && x_certifier.idle(); }

void Broadcaster::work() {
  if (x_working || !has_work() || x_clock.now() < x_retry_at) return;
  x_working = true;
  boost::asio::co_spawn(x_store.loop(), run_work(), boost::asio::detached);
}

boost::asio::awaitable<void> Broadcaster::run_work() {
  while (has_work() && x_clock.now() >= x_retry_at) {
    try {
      co_await do_next();
    } catch (const std::exception& error) {
      put_off({protocol::RefusalCode::unsupported, "/store", error.what()});
      x_retry_at = x_clock.now() + kRetryAfter;
    }
  }
  x_working = false;
  if (x_check_after && !has_work() && x_link.connected()) {
    x_check_after = false;
    x_retained.begin_check(x_formats.numbers(), x_clock.now());
  }
}

boost::asio::awaitable<void> Broadcaster::do_next() {
  if (!x_on_hold && !x_areas_to_sign.empty()) return sign_area(*x_areas_to_sign.begin());
  if (x_reload) return reload_nodes();
  if (!x_on_hold && !x_nodes_to_plan.empty()) return plan_some();
  if (!x_on_hold && x_ask_records) return ask_for_records();
  return keep_newest();
}

boost::asio::awaitable<void> Broadcaster::reload_nodes() {
  x_reload = false;
  try {
    auto loaded = co_await x_store.run(&Broadcaster::read);
    take_loaded(std::move(loaded));
  } catch (...) {
    x_reload = true;
    throw;
  }
}

boost::asio::awaitable<void> Broadcaster::sign_area(std::string area) {
  x_areas_to_sign.erase(area);
  std::optional<protocol::Result<SignedSnapshot>> made;
  try {
    auto sign = [this, area, seen = seen_alerts(area)](store::Transaction& transaction) {
      return sign_alerts(transaction, area, x_signer, x_formats, seen);
    };
    made = co_await write(std::move(sign));
  } catch (...) {
    x_areas_to_sign.insert(area);
    throw;
  }
  if (!*made) {
    put_off(made->error());
    x_areas_to_sign.insert(area);
    x_retry_at = x_clock.now() + kRetryAfter;
    co_return;
  }
  x_roster.alert_revisions[area] = (*made)->revision;
  x_areas_to_sign.insert((*made)->also.begin(), (*made)->also.end());
  for (auto& packet : (*made)->packets) x_retained.set(Priority::alert, packet.topic, std::move(packet.packet));
  x_heads.send_below(area);
}

boost::asio::awaitable<void> Broadcaster::plan_some() {
  std::vector<NodeToPlan> nodes;
  std::map<std::string, std::int64_t> raised;
  while (!x_nodes_to_plan.empty() && nodes.size() < kNodesAtOnce) {
    const auto id = *x_nodes_to_plan.begin();
    x_nodes_to_plan.erase(x_nodes_to_plan.begin());
    if (const auto* known = x_roster.find(id)) nodes.push_back({id, format_of(*known), x_to_sign_anew.erase(id) > 0});
    if (auto told = x_raised.extract(id)) raised.insert(std::move(told));
  }
  PlanRound round;
  try {
    auto make = [this, nodes, raised](store::Transaction& transaction) {
      for (const auto& [node, revision] : raised) store::raise_plan_revision(transaction, node, revision);
      return make_plans(transaction, nodes, x_signer, x_formats, x_settings);
    };
    round = co_await write(std::move(make));
  } catch (...) {
    for (const auto& node : nodes) {
      x_nodes_to_plan.insert(node.id);
      if (node.anew) x_to_sign_anew.insert(node.id);
    }
    x_raised.insert(raised.begin(), raised.end());
    throw;
  }
  if (round.refused.empty()) x_trouble.clear();
  for (const auto& [node, refusal] : round.refused) {
    put_off(refusal);
    if (refusal.code == protocol::RefusalCode::stale) {
      x_nodes_to_plan.insert(node);
      x_to_sign_anew.insert(node);
      x_retry_at = x_clock.now() + kRetryAfter;
    } else {
      x_ingest.refuse(node, "plan", protocol::name_of(refusal.code), refusal.where, refusal.message);
    }
  }
  for (auto& plan : round.made) {
    auto* known = x_roster.find(plan.node);
    if (!known) continue;
    known->wanted = plan.revision;
    known->plan_made = x_clock.now();
    x_retained.set(Priority::plan, protocol::plan_topic(plan.node), std::move(plan.packet));
    x_heads.send(plan.node);
    if (known->is_there()) x_heads.expect_held(*known, x_clock.now());
    x_change({"node", plan.node, plan.node, known->node.area, {}});
  }
}

boost::asio::awaitable<void> Broadcaster::keep_newest() {
  const auto newest = x_signer.newest();
  auto keep = [newest](store::Transaction& transaction) {
    store::raise_mark(transaction, "newest_signed", scheduler::to_ms(newest));
  };
  co_await write(std::move(keep));
  x_newest_kept = newest;
}

}  // namespace loa::broadcast
