#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "controller/broadcast/broadcaster.hpp"
#include "controller/store/plans.hpp"
#include "protocol/topics.hpp"

// Lambdas are named before they are awaited on: g++ 12 destroys a temporary one twice (gcc bug 107288).
// What is done on the store thread and then published: one thing after another, alerts first.
namespace loa::broadcast {
namespace {

constexpr std::size_t kNodesAtOnce = 16;
constexpr Millis kKeepNewestEvery{1000};

}  // namespace

void Broadcaster::plans_changed(const std::vector<std::string>& areas, const std::vector<std::string>& nodes) {
  for (const auto& node : nodes)
    if (x_roster.find(node)) x_nodes_to_plan.insert(node);
  for (const auto& [id, known] : x_roster.nodes)
    for (const auto& area : areas)
      if (std::find(known.areas.begin(), known.areas.end(), area) != known.areas.end()) x_nodes_to_plan.insert(id);
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
  for (const auto& [area, revision] : x_roster.alert_revisions) x_areas_to_sign.add(area);
  for (const auto& [id, known] : x_roster.nodes) x_nodes_to_plan.insert(id);
  x_heads.send_all();
  x_areas_to_sign.retry();
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
  const bool to_sign = !x_on_hold && (x_areas_to_sign.is_due(x_clock.now()) || !x_nodes_to_plan.empty() || x_ask_records || hold_is_finished());
  return x_reload || x_look_at_store || to_sign || (x_expect_alerts && !x_on_hold) ||
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
      x_store_trouble.clear();
    } catch (const std::exception& error) {
      if (x_store_trouble != error.what()) spdlog::error("broadcast: {}", error.what());
      x_store_trouble = error.what();
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
  if (!x_on_hold)
    if (auto area = x_areas_to_sign.take(x_clock.now())) return sign_area(std::move(*area));
  if (x_look_at_store) return look_at_store();
  if (x_expect_alerts && !x_on_hold) return expect_alerts();
  if (x_reload) return reload_nodes();
  if (!x_on_hold && !x_nodes_to_plan.empty()) return plan_some();
  if (!x_on_hold && x_ask_records) return ask_for_records();
  if (hold_is_finished()) return finish_hold();
  return keep_newest();
}

boost::asio::awaitable<void> Broadcaster::plan_some() {
  std::vector<NodeToPlan> nodes;
  std::map<std::string, std::int64_t> raised;
  while (!x_nodes_to_plan.empty() && nodes.size() < kNodesAtOnce) {
    const auto id = *x_nodes_to_plan.begin();
    x_nodes_to_plan.erase(x_nodes_to_plan.begin());
    const bool anew = x_to_sign_anew.erase(id) > 0;
    if (const auto* known = x_roster.find(id)) nodes.push_back({id, format_of(*known), anew});
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
    if (std::any_of(nodes.begin(), nodes.end(), [&id = node](const auto& one) { return one.id == id && one.anew; })) x_to_sign_anew.insert(node);
    if (refusal.code == protocol::RefusalCode::stale) {
      x_nodes_to_plan.insert(node);
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
