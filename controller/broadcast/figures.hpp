#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "controller/broadcast/outbox.hpp"
#include "controller/store/nodes.hpp"
#include "scheduler/record.hpp"

namespace loa::broadcast {

/// What the room did and what waits in it, for monitoring; counts are since the start.
struct Figures {
  std::map<store::NodeStatus, std::size_t> nodes;      ///< live ones, as the page calls them; every status is there
  std::size_t nodes_without_plan = 0;                  ///< those there that do not hold the wanted plan
  std::array<std::size_t, 6> outbox{};                 ///< publications that wait, by Priority
  std::size_t states = 0, receipts = 0, batches = 0;   ///< what nodes said and is not kept yet
  std::map<scheduler::Outcome, std::uint64_t> plays;   ///< records taken; every outcome is there
  std::map<std::string, std::uint64_t> refused_by_nodes;  ///< receipts that refuse, by their code; codes that we do not know are `other`
};

/// "alert", "keys", "order", "ack", "head", "plan".
const char* name_of(Priority priority);

}  // namespace loa::broadcast
