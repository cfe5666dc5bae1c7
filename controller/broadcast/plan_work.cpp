#include "controller/broadcast/plan_work.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "controller/store/broadcasts.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/node_rows.hpp"
#include "controller/store/occurrences.hpp"
#include "controller/store/plans.hpp"
#include "controller/store/streams.hpp"
#include "protocol/hash.hpp"
#include "protocol/revision.hpp"
#include "protocol/topics.hpp"
#include "scheduler/make_plan.hpp"

namespace loa::broadcast {
namespace {

using protocol::Refusal;
using protocol::RefusalCode;

/// What all plans of one round are made of, read once.
struct Inputs {
  std::vector<scheduler::Broadcast> broadcasts;
  std::vector<scheduler::StockClip> stock;  ///< everyone's
  std::map<std::string, std::vector<scheduler::StockClip>> stock_below;  ///< by the area of a chain whose nodes carry others

  const std::vector<scheduler::StockClip>& stock_of(const std::vector<std::string>& areas) const {
    const auto found = areas.empty() ? stock_below.end() : stock_below.find(areas.back());
    return found == stock_below.end() ? stock : found->second;
  }
};

// For each area of the nodes under which stock clips of an area's own are carried: everyone's and those.
std::map<std::string, std::vector<scheduler::StockClip>> stock_below(store::Session& session, const std::vector<store::NodeRow>& nodes) {
  std::set<std::string> with_own;
  for (const auto& own : store::list_area_stock_clips(session)) with_own.insert(own.area);
  std::map<std::string, std::vector<scheduler::StockClip>> below;
  for (const auto& node : nodes)
    if (std::any_of(node.areas.begin(), node.areas.end(), [&](const auto& area) { return with_own.contains(area); }))
      if (!below.contains(node.areas.back())) below[node.areas.back()] = store::stock_clips_under(session, node.areas);
  return below;
}

scheduler::PlanNode plan_node_of(const store::NodeRow& row, const Inputs& inputs, const PlanSettings& settings) {
  auto node = store::plan_node_of(row);
  node.settings.stock = inputs.stock_of(row.areas);
  node.brokers = settings.brokers;
  node.files = settings.files;
  node.fallback = settings.fallback;
  return node;
}

/// The plan of one node as it would be made at `made`, and what it hashes to.
class Maker {
 public:
  Maker(const Inputs& inputs, const store::NodeRow& row, const PlanSettings& settings, const protocol::FormatWriter& writer,
        std::string signed_as)
      : x_inputs(inputs), x_row(row), x_node(plan_node_of(row, inputs, settings)), x_writer(writer),
        x_signed_as(std::move(signed_as)) {}

  scheduler::MadePlan at(TimePoint made, std::int64_t revision) const {
    return scheduler::make_plan(x_inputs.broadcasts, x_node, x_row.wanted.policy,
                                scheduler::plan_window(made, x_node.time_zone), made, revision);
  }
  /// What was taken out counts too: it is shown to the officer although the node does not see it.
  std::string hash(const scheduler::MadePlan& made) const {
    auto plan = *made.plan;
    plan.revision = 1;
    std::string vetoes;
    for (const auto& veto : made.vetoes) vetoes += veto.occurrence_id + " " + veto.code + "/";
    return protocol::sha256_hex(x_signed_as + vetoes + x_writer.plan(plan));
  }

 private:
  const Inputs& x_inputs;
  const store::NodeRow& x_row;
  scheduler::PlanNode x_node;
  const protocol::FormatWriter& x_writer;
  std::string x_signed_as;
};

// Made again for the moment at which the last plan was made, the same inputs give the same bytes: what has merely passed since
// then is no reason for a new revision.
bool is_unchanged(const Maker& maker, const store::PlanRevision& last) {
  const auto again = maker.at(last.made, 1);
  return again.plan && maker.hash(again) == last.content_hash;
}

const scheduler::Broadcast* find_broadcast(const Inputs& inputs, const std::string& occurrence) {
  const auto id = occurrence.substr(0, occurrence.find('@'));
  for (const auto& broadcast : inputs.broadcasts)
    if (broadcast.id == id) return &broadcast;
  return nullptr;
}

bool is_plain_http(const std::vector<scheduler::Item>& items) {
  return std::any_of(items.begin(), items.end(), [](const auto& item) { return item.kind == scheduler::ItemKind::stream && store::is_plain_http(item.url); });
}

std::vector<store::Expected> expected_of(const scheduler::MadePlan& made, const Inputs& inputs) {
  std::vector<store::Expected> expected;
  for (const auto& o : made.plan->occurrences)
    expected.push_back({o.id, made.plan->node, o.broadcast_id, {}, o.programme_id, o.title, o.cls, o.due, o.duration,
                        made.plan->revision, {}, is_plain_http(o.items)});
  for (const auto& veto : made.vetoes)
    if (const auto* b = find_broadcast(inputs, veto.occurrence_id))
      expected.push_back({veto.occurrence_id, made.plan->node, b->id, {}, b->programme_id, b->title, b->cls, veto.due,
                          scheduler::duration_of(b->items), made.plan->revision, veto.code, is_plain_http(b->items)});
  return expected;
}

protocol::Result<std::optional<SignedPlan>> make_one(store::Transaction& transaction, const store::NodeRow& row,
                                                     const NodeToPlan& wanted, const Inputs& inputs, Signer& signer,
                                                     const protocol::Formats& formats, const PlanSettings& settings) {
  auto& session = transaction.session();
  const auto now = signer.time();
  if (!now) return now.error();
  const auto kid = signer.kid_for(protocol::MessageType::plan, row.areas);
  if (!kid) return kid.error();
  const auto& writer = formats.writer(wanted.format);
  const Maker maker(inputs, row, settings, writer, *kid + "/" + std::to_string(wanted.format) + "/");

  const auto highest = store::highest_plan_revision(session, row.node.id);
  const auto last = store::find_plan_revision(session, row.node.id);
  if (!wanted.anew && last && last->revision == highest && !wants_renewal(last->made, *now, row.wanted.time_zone) &&
      is_unchanged(maker, *last))
    return std::optional<SignedPlan>();

  const auto revision = protocol::next_revision(highest, *now);
  const auto made = maker.at(*now, revision);
  if (!made.plan) return Refusal{RefusalCode::too_large, made.refusal->where, made.refusal->message};
  auto packet = signer.sign_plan(row.areas, writer.plan(*made.plan), *now);
  if (!packet) return packet.error();
  if (!store::put_plan_revision(transaction, {row.node.id, revision, *now, made.plan->until, maker.hash(made),
                                              protocol::sha256_hex(*packet)}))
    throw std::logic_error("a plan's revision did not rise");
  store::put_retained(transaction, {protocol::plan_topic(row.node.id), revision, *packet});
  store::expect_plan(transaction, row.node.id, expected_of(made, inputs));
  return std::optional(SignedPlan{row.node.id, revision, std::move(*packet)});
}

}  // namespace

bool wants_renewal(TimePoint made, TimePoint now, const std::string& zone) {
  return scheduler::plan_window(made, zone).until != scheduler::plan_window(now, zone).until;
}

PlanRound make_plans(store::Transaction& transaction, const std::vector<NodeToPlan>& nodes, Signer& signer,
                     const protocol::Formats& formats, const PlanSettings& settings) {
  auto& session = transaction.session();
  PlanRound round;
  std::vector<std::string> ids;
  for (const auto& node : nodes) ids.push_back(node.id);
  const auto rows = store::find_node_rows(session, ids);
  const Inputs inputs{store::list_broadcasts_to_plan(session), store::list_stock_clips(session), stock_below(session, rows)};
  for (const auto& row : rows) {
    const auto& id = row.node.id;
    const auto wanted = std::find_if(nodes.begin(), nodes.end(), [&](const auto& node) { return node.id == id; });
    try {
      auto plan = make_one(transaction, row, *wanted, inputs, signer, formats, settings);
      if (!plan)
        round.refused.push_back({id, plan.error()});
      else if (*plan)
        round.made.push_back(std::move(**plan));
    } catch (const std::invalid_argument& error) {  // a value that no node would take: only this node goes without
      round.refused.push_back({id, Refusal{RefusalCode::malformed, "/plan", error.what()}});
    }
  }
  if (!round.made.empty()) store::raise_mark(transaction, "newest_signed", scheduler::to_ms(signer.newest()));
  return round;
}

}  // namespace loa::broadcast
