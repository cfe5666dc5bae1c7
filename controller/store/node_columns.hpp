#pragma once
#include <string>
#include <vector>

#include "controller/store/nodes.hpp"

namespace loa::store {

/// Inside the store only.

/// The ids of the live nodes in the subtree of the roots of sql::kBranch, as a query.
inline constexpr const char* kNodesUnderRoots = "select n.id from nodes n where n.retired is null and n.area in (select id from branch)";
/// The newest state of each live node in the subtree of any of `roots` that has one.
std::vector<NodeState> list_node_states(Session& session, const std::vector<std::string>& roots);
/// The newest state that `node` signed, as it was signed; empty where there is none.
std::string find_state_packet(Session& session, const std::string& node);

}  // namespace loa::store
