#pragma once
#include "node-firmware/edge/edge.hpp"
#include "protocol/messages.hpp"

namespace loa::node {

/// What the board says of its hardware, as the state tells it; what it does not have stays empty.
void put_readings(protocol::State& state, const edge::Readings& readings);

/// Whether both states say the same of what a person must act on: amplifier and supply. Figures that creep are told with the next state.
bool same_hardware(const protocol::State& a, const protocol::State& b);

}  // namespace loa::node
