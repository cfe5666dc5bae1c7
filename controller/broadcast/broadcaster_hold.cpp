#include <spdlog/spdlog.h>

#include <algorithm>

#include "controller/broadcast/broadcaster.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/receipts.hpp"
#include "controller/store/recovery_hold.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/random_id.hpp"
#include "protocol/revision.hpp"
#include "protocol/topics.hpp"

// A controller whose database may be older than what it last published: what it looks at meanwhile, and how it begins to speak again.
namespace loa::broadcast {
namespace {

constexpr Millis kAskedFor = std::chrono::hours(24);  // a node that is away may come back within it

}  // namespace

void Broadcaster::look_at_retained(const protocol::Topic& topic, const std::string& packet) {
  const auto issued = x_findings.take(topic, packet);
  if (!issued) return;
  x_signer.restore(*issued);  // nothing is signed with a time before it
  work();
  if (topic.type != protocol::MessageType::keys || !x_take_key_set) return;
  if (const auto higher = x_findings.higher_key_set()) x_take_key_set(*higher);  // a copy: what is taken is no longer higher
}

// Whatever else holds, a key set is never replaced by a lower one: what a newer one revoked would count again on nodes that join.
bool Broadcaster::keys_are_higher(const protocol::LinkMessage& message, const protocol::Topic& topic) {
  if (topic.type != protocol::MessageType::keys || !message.retained || x_on_hold) return false;
  const auto before = x_findings.key_set();
  look_at_retained(topic, message.payload);
  if (x_findings.key_set() > before)
    spdlog::warn("broadcast: the broker retains key set {}, above the controller's own {}: it stays", x_findings.key_set(), x_keys->key_set.number);
  if (x_findings.higher_key_set() != message.payload) return false;
  x_retained.leave(message.topic);
  return true;
}

void Broadcaster::resume() {
  if (!x_on_hold) return;
  spdlog::info("broadcast: the hold has ended: everything is signed anew");
  x_on_hold = x_resumes = false;
  x_unfinished = x_hold;
  x_heads.echo_only(false);
  x_retained.speak();
  for (auto& [id, known] : x_roster.nodes) {
    if (known.state) check_revision(known);
    x_nodes_to_plan.insert(id);
    x_to_sign_anew.insert(id);
    for (const auto& area : known.areas)
      if (seen_alerts(area) > 0 || x_roster.alert_revision(area) > 0) x_areas_to_sign.add(area);
  }
  for (const auto& [area, revision] : x_roster.alert_revisions) x_areas_to_sign.add(area);
  for (const auto& [area, snapshot] : x_findings.alerts()) x_areas_to_sign.add(area);
  publish_keys();
  x_ask_records = true;
  x_check_after = true;
  x_reload = true;
  x_sign_again_at = state_of(Task::plan).again_at = {};
  std::vector<protocol::Order> waiting;
  for (const auto& [id, open] : x_orders)
    if (!open.sent) waiting.push_back(open.order);
  for (const auto& order : waiting) send_order(order);
  work();
}

// All that resume() began is signed and in the store; a node whose plan cannot be made has been tried.
bool Broadcaster::hold_is_finished() const {
  return x_unfinished > 0 && !x_on_hold && !x_reload && !x_ask_records && !x_signing && x_areas_to_sign.empty() && x_nodes_to_plan.empty();
}

boost::asio::awaitable<void> Broadcaster::finish_hold() {
  auto finish = [number = x_unfinished](store::Transaction& transaction) { store::finish_recovery_hold(transaction, number); };
  co_await write(std::move(finish));
  x_unfinished = 0;
}

// Records that were acknowledged after the backup are sent again at the acknowledgement that goes back; the order also reaches a node that is away, and
// is seen to be answered.
boost::asio::awaitable<void> Broadcaster::ask_for_records() {
  struct Asked {
    std::string node, log_id;
    std::vector<std::string> areas;
    std::int64_t highest = 0;
  };
  std::vector<Asked> nodes;
  for (const auto& [id, known] : x_roster.nodes)
    if (known.state) nodes.push_back({id, known.state->log_id, known.areas, known.state->log_number});
  auto make = [nodes, now = x_clock.now()](store::Transaction& transaction) {
    std::vector<protocol::Order> orders;
    for (const auto& node : nodes) {
      protocol::Order order;
      order.id = protocol::random_id("o");
      order.node = node.node;
      order.issued = now;
      order.expires = now + kAskedFor;
      order.kind = protocol::OrderKind::report;
      const auto complete = node.log_id.empty() ? 0 : store::complete_to(transaction.session(), node.node, node.log_id);
      if (complete < node.highest) order.from_number = complete + 1;
      order.areas = node.areas;
      store::add_order(transaction, order);
      orders.push_back(std::move(order));
    }
    return orders;
  };
  x_ask_records = false;
  std::vector<protocol::Order> orders;
  try {
    orders = co_await write(std::move(make));
  } catch (...) {
    x_ask_records = true;
    throw;
  }
  for (const auto& order : orders) send_order(order);
}

}  // namespace loa::broadcast
