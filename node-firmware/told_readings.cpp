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

bool faulty(const protocol::State& state) { return state.amplifier == protocol::Amplifier::fault; }

}  // namespace

void put_readings(protocol::State& state, const edge::Readings& readings) {
  if (readings.amplifier) state.amplifier = told(*readings.amplifier);
  if (readings.amplifier_dbfs) state.amplifier_dbfs = std::round(*readings.amplifier_dbfs * 10) / 10;
  if (readings.measures) state.level_kind = scheduler::LevelKind::measured;
}

bool same_hardware(const protocol::State& a, const protocol::State& b) {
  return faulty(a) == faulty(b) && a.supply == b.supply;
}

}  // namespace loa::node
