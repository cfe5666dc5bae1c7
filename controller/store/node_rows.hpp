#pragma once
#include <string>
#include <vector>

#include "controller/store/nodes.hpp"

namespace loa::store {

/// The rows of these live nodes from one reading of the areas; unknown and retired ones are left out.
std::vector<NodeRow> find_node_rows(Session& session, const std::vector<std::string>& ids);

}  // namespace loa::store
