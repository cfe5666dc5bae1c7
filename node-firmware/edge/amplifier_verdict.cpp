#include "node-firmware/edge/amplifier_verdict.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace loa::node::edge {

void AmplifierVerdict::judge(bool silent, bool blind, const std::function<std::string()>& trouble, const std::function<std::string()>& well) {
  const bool was_silent = std::exchange(silent_, silent), was_blind = std::exchange(blind_, blind);
  if ((silent && !was_silent) || (blind && !was_blind)) spdlog::error("amplifier: {}", trouble());
  if (!fault() && (was_silent || was_blind)) spdlog::info("amplifier: {}", well());
}

}  // namespace loa::node::edge
