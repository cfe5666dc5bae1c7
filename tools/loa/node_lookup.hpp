#pragma once
#include <string>

#include "tools/loa/client.hpp"

namespace loa::tool {

/// The live node of this code or id; throws CommandError kNotFound where the person may see none.
boost::json::value find_node(Client& client, const std::string& code);

}  // namespace loa::tool
