#include "tests/faults/fault_row.hpp"

namespace loa::tests {

std::vector<FaultRow> all_rows() {
  std::vector<FaultRow> all;
  for (const auto& group : {kill_rows(), line_rows(), disk_rows(), power_rows(), bytes_rows(), clock_rows(), sound_rows(), alert_rows(), peer_rows(), weeks_rows(), relay_rows(), network_rows()})
    all.insert(all.end(), group.begin(), group.end());
  return all;
}

}  // namespace loa::tests
