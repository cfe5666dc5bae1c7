#pragma once
#include <vector>

#include "controller/store/nodes.hpp"

namespace loa::store {

/// The newest state of every node that has one: inside the store only.
std::vector<NodeState> list_node_states(Session& session);

}  // namespace loa::store
