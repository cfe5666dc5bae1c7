#include "controller/broadcast/broadcaster.hpp"
#include "controller/store/alerts.hpp"
#include "controller/store/plans.hpp"
#include "controller/store/receipts.hpp"
#include "controller/store/recovery_hold.hpp"
#include "protocol/topics.hpp"

// What the room reads from the store: all of it before the start, nodes and areas again where they changed.
namespace loa::broadcast {

struct Broadcaster::Loaded {
  std::vector<std::string> roots;
  std::vector<store::NodeRow> nodes;
  std::vector<store::NodeKeys> keys;
  std::vector<store::PlanRevision> revisions;
  std::vector<store::SnapshotRevision> snapshots;
  std::vector<store::Retained> retained;
  std::vector<store::AlertToHold> to_hold;
  std::vector<protocol::Order> orders;
  std::optional<store::RecoveryHold> hold;  ///< open, or ended and not finished
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
    loaded.to_hold = store::list_alerts_to_hold(session, now);
    loaded.hold = store::find_recovery_hold(session);
    if (!loaded.hold) loaded.hold = store::find_unfinished_hold(session);
    return loaded;
  };
  auto loaded = co_await x_store.run(std::move(first));
  x_signer.restore(loaded.newest);
  x_newest_kept = loaded.newest;
  for (const auto& snapshot : loaded.snapshots) x_roster.alert_revisions[snapshot.area] = snapshot.revision;
  x_findings.use_keys(x_keys->key_set_jws);
  x_on_hold = loaded.hold.has_value();
  x_resumes = x_on_hold && loaded.hold->ended;
  x_hold = x_on_hold ? loaded.hold->number : 0;
  x_heads.echo_only(x_on_hold);
  if (x_on_hold) {
    // What was last signed here is not what was last signed.
    loaded.retained.clear();
    std::erase_if(loaded.orders, [&](const auto& order) { return !x_resumes || order.issued < *loaded.hold->ended; });
    x_retained.be_quiet([this](const protocol::Topic& topic, const std::string& packet) { look_at_retained(topic, packet); });
  }
  const auto retained = loaded.retained;
  const auto orders = loaded.orders;
  const auto to_hold = loaded.to_hold;
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
    if (!counts_still(area)) x_areas_to_sign.add(area);
  sign_unheld(to_hold);  // confirmed or cancelled by a run that came no further
  for (const auto& [id, known] : x_roster.nodes) x_nodes_to_plan.insert(id);
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

}  // namespace loa::broadcast
