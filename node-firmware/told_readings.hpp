#pragma once
#include "node-firmware/edge/edge.hpp"
#include "protocol/messages.hpp"

namespace loa::node {

/// What the board says of its hardware, as the state tells it; what it does not have stays empty.
void put_readings(protocol::State& state, const edge::Readings& readings);

/// Whether what was told last says the same as what is so now of what a person must act on: amplifier and supply, and a signal where there was none.
/// Figures that creep are told with the next state.
bool same_hardware(const protocol::State& told, const protocol::State& now);

}  // namespace loa::node
