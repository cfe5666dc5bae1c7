#pragma once
#include <string>
#include <vector>

#include "controller/store/nodes.hpp"
#include "scheduler/broadcast.hpp"

namespace loa::store {

/// The rows of these live nodes from one reading of the areas; unknown and retired ones are left out.
std::vector<NodeRow> find_node_rows(Session& session, const std::vector<std::string>& ids);

/// What make_plan must know of the node, as far as the store knows it: not the addresses, the fallback and the stock clips.
scheduler::PlanNode plan_node_of(const NodeRow& row);

}  // namespace loa::store
