#include "node-firmware/told_readings.hpp"

#include <cmath>

namespace loa::node {

namespace {

protocol::Amplifier told(edge::AmplifierState state) {
  switch (state) {
    case edge::AmplifierState::off: return protocol::Amplifier::off;
    case edge::AmplifierState::on: return protocol::Amplifier::on;
    case edge::AmplifierState::fault: break;
  }
  return protocol::Amplifier::fault;
}

protocol::Supply told(edge::SupplyKind kind) {
  switch (kind) {
    case edge::SupplyKind::mains: return protocol::Supply::mains;
    case edge::SupplyKind::dc: return protocol::Supply::dc;
    case edge::SupplyKind::battery: break;
  }
  return protocol::Supply::battery;
}

double in_tenths(double value) { return std::round(value * 10) / 10; }

bool faulty(const protocol::State& state) { return state.amplifier == protocol::Amplifier::fault; }

}  // namespace

void put_readings(protocol::State& state, const edge::Readings& readings) {
  if (readings.amplifier) state.amplifier = told(*readings.amplifier);
  if (readings.amplifier_dbfs) state.amplifier_dbfs = in_tenths(*readings.amplifier_dbfs);
  if (readings.measures) state.level_kind = scheduler::LevelKind::measured;
  const auto& around = readings.surroundings;
  if (around.supply) state.supply = told(*around.supply);
  state.supply_mv = around.supply_mv;
  if (around.temperature_c) state.temperature_c = in_tenths(*around.temperature_c);
  if (readings.signal_percent) state.signal_percent = readings.signal_percent;
  state.data_used = readings.data_used;
  state.data_budget = readings.data_budget;
}

bool same_hardware(const protocol::State& told, const protocol::State& now) {
  // The first state of a session is often sent before a modem has answered for the first time.
  const bool signal_came = now.signal_percent && !told.signal_percent;
  return faulty(told) == faulty(now) && told.supply == now.supply && !signal_came;
}

}  // namespace loa::node
