#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "controller/broadcast/broadcaster.hpp"
#include "controller/store/plans.hpp"
#include "protocol/topics.hpp"

// Lambdas are named before they are awaited on: g++ 12 destroys a temporary one twice (gcc bug 107288).
// What is done on the store thread and then published: alerts by themselves, all else one thing after another.
namespace loa::broadcast {
namespace {

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
  x_sign_again_at = state_of(Task::plan).again_at = {};
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

bool Broadcaster::wants(Task task) const {
  switch (task) {
    case Task::look_at_store: return x_look_at_store;
    case Task::expect_alerts: return x_expect_alerts && !x_on_hold;
    case Task::reload: return x_reload;
    case Task::plan: return !x_nodes_to_plan.empty() && !x_on_hold;
    case Task::ask_for_records: return x_ask_records && !x_on_hold;
    case Task::finish_hold: return hold_is_finished();
    case Task::keep_newest: return x_signer.newest() > x_newest_kept + kKeepNewestEvery;
  }
  return false;
}

// The first that wants a turn and does not wait after a failure; the one that had the last turn comes behind all others.
std::optional<Broadcaster::Task> Broadcaster::next_task() const {
  const auto is_ready = [this](Task task) { return wants(task) && x_clock.now() >= state_of(task).again_at; };
  for (std::size_t i = 0; i < kTasks; ++i)
    if (const auto task = static_cast<Task>(i); task != x_last_task && is_ready(task)) return task;
  if (x_last_task && is_ready(*x_last_task)) return x_last_task;
  return std::nullopt;
}

bool Broadcaster::has_work() const {
  for (std::size_t i = 0; i < kTasks; ++i)
    if (wants(static_cast<Task>(i))) return true;
  return has_alerts_to_sign();
}

bool Broadcaster::idle() const { return !x_signing && !x_working && !has_work() && x_ingest.idle() && x_certifier.idle(); }

void Broadcaster::work() {
  if (!x_signing && has_alerts_to_sign() && x_clock.now() >= x_sign_again_at) {
    x_signing = true;
    boost::asio::co_spawn(x_store.loop(), run_signing(), boost::asio::detached);
  }
  if (!x_working && next_task()) {
    x_working = true;
    boost::asio::co_spawn(x_store.loop(), run_tasks(), boost::asio::detached);
  }
}

boost::asio::awaitable<void> Broadcaster::run_signing() {
  while (has_alerts_to_sign() && x_clock.now() >= x_sign_again_at) {
    try {
      auto area = x_areas_to_sign.take(x_clock.now()).value();
      co_await sign_area(std::move(area));
      x_sign_trouble.clear();
    } catch (const std::exception& error) {
      if (x_sign_trouble != error.what()) spdlog::error("broadcast: alerts are not signed: {}", error.what());
      x_sign_trouble = error.what();
      x_sign_again_at = x_clock.now() + kRetryAfter;
    }
  }
  x_signing = false;
  work();  // what follows from it
  check_once_done();
}

boost::asio::awaitable<void> Broadcaster::run_tasks() {
  while (const auto task = next_task()) {
    x_last_task = task;
    auto& state = state_of(*task);
    try {
      co_await run(*task);
      state.trouble.clear();
    } catch (const std::exception& error) {
      if (state.trouble != error.what()) spdlog::error("broadcast: {}", error.what());
      state.trouble = error.what();
      state.again_at = x_clock.now() + kRetryAfter;
    }
    work();  // alerts that it found unsigned
  }
  x_working = false;
  check_once_done();
}

boost::asio::awaitable<void> Broadcaster::run(Task task) {
  switch (task) {
    case Task::look_at_store: return look_at_store();
    case Task::expect_alerts: return expect_alerts();
    case Task::reload: return reload_nodes();
    case Task::plan: return plan_some();
    case Task::ask_for_records: return ask_for_records();
    case Task::finish_hold: return finish_hold();
    case Task::keep_newest: break;
  }
  return keep_newest();
}

void Broadcaster::check_once_done() {
  if (!x_check_after || x_signing || x_working || has_work() || !x_link.connected()) return;
  x_check_after = false;
  x_retained.begin_check(x_formats.numbers(), x_clock.now());
}

boost::asio::awaitable<void> Broadcaster::plan_some() {
  std::vector<NodeToPlan> nodes;
  std::map<std::string, std::int64_t> raised;
  while (!x_nodes_to_plan.empty() && nodes.size() < x_plans_at_once) {
    auto next = x_nodes_to_plan.upper_bound(nodes.empty() ? x_plans_behind : nodes.back().id);
    if (next == x_nodes_to_plan.end()) {
      if (!nodes.empty()) break;
      next = x_nodes_to_plan.begin();
    }
    const auto id = *next;
    x_nodes_to_plan.erase(next);
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
    // One by one from here on, and past the one with which it fails: it must not keep the others from their plans.
    if (nodes.size() == 1) x_plans_behind = nodes.front().id;
    x_plans_at_once = 1;
    for (const auto& node : nodes) {
      x_nodes_to_plan.insert(node.id);
      if (node.anew) x_to_sign_anew.insert(node.id);
    }
    x_raised.insert(raised.begin(), raised.end());
    throw;
  }
  x_plans_at_once = std::min(2 * x_plans_at_once, kMostPlansAtOnce);
  if (!nodes.empty()) x_plans_behind = nodes.back().id;
  if (round.refused.empty()) x_trouble.clear();
  for (const auto& [node, refusal] : round.refused) {
    put_off(refusal);
    if (std::any_of(nodes.begin(), nodes.end(), [&id = node](const auto& one) { return one.id == id && one.anew; })) x_to_sign_anew.insert(node);
    if (refusal.code == protocol::RefusalCode::stale) {
      x_nodes_to_plan.insert(node);
      state_of(Task::plan).again_at = x_clock.now() + kRetryAfter;
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
