#include "controller/broadcast/figures.hpp"

#include "controller/broadcast/broadcaster.hpp"

namespace loa::broadcast {

const char* name_of(Priority priority) {
  switch (priority) {
    case Priority::alert: return "alert";
    case Priority::keys: return "keys";
    case Priority::order: return "order";
    case Priority::ack: return "ack";
    case Priority::head: return "head";
    case Priority::plan: return "plan";
  }
  return "";
}

Figures Broadcaster::figures() const {
  Figures figures;
  for (int i = 0; i <= static_cast<int>(store::NodeStatus::unknown); ++i) figures.nodes[static_cast<store::NodeStatus>(i)] = 0;
  for (const auto& [id, known] : x_roster.nodes) {
    store::NodeRow row;
    row.wanted_revision = known.wanted;
    if (known.state) row.state = store::NodeState{*known.state, known.heard, {}};
    ++figures.nodes[store::status_of(row, x_clock.now())];
    if (known.is_there() && known.state->plan_held < known.wanted) ++figures.nodes_without_plan;
  }
  figures.outbox = x_outbox.sizes();
  x_ingest.measure(figures);
  figures.refused_by_nodes = x_refused_by_nodes;
  return figures;
}

void Broadcaster::count_refusing(const protocol::Receipt& receipt) {
  if (receipt.accepted) return;
  bool known = false;
  for (int i = 0; i <= static_cast<int>(protocol::RefusalCode::unsupported); ++i)
    known = known || receipt.code == protocol::name_of(static_cast<protocol::RefusalCode>(i));
  ++x_refused_by_nodes[known ? receipt.code : "other"];
}

void Ingest::measure(Figures& figures) const {
  figures.states = x_states.size();
  figures.receipts = x_receipts.size();
  figures.batches = x_batches.size();
  for (int i = 0; i <= static_cast<int>(scheduler::Outcome::cancelled); ++i) figures.plays[static_cast<scheduler::Outcome>(i)] = 0;
  for (const auto& [outcome, count] : x_plays) figures.plays[outcome] = count;
}

}  // namespace loa::broadcast
