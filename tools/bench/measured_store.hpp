#pragma once
#include <string>
#include <vector>

#include "controller/store/session.hpp"
#include "tools/bench/play_logs.hpp"

namespace loa::bench {

/// Adds one area, `hue`, and these nodes in it.
void add_nodes(store::Transaction& transaction, const std::vector<LoggedNode>& logs);

/// Seconds that SOCI's own bulk insert needs for the same rows into an equal table of the new store at `url`,
/// with the same durability: `batches_at_once` batches a transaction. Preparing the rows is not counted.
double bare_insert(const std::string& url, const std::vector<LoggedNode>& logs,
                   std::size_t batches_at_once);

}  // namespace loa::bench
