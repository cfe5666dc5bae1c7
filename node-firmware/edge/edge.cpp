#include "node-firmware/edge/edge.hpp"

#include <algorithm>

namespace loa::node::edge {

Edge::Edge(const Settings& settings, Parts parts, Monotonic now) : lines_(std::move(parts.lines)) {
  if (settings.amplifier) amplifier_.emplace(*settings.amplifier, *lines_, now);
  if (settings.ear && parts.meter) ear_.emplace(*settings.ear, std::move(parts.meter));
}

Edge::~Edge() = default;

std::optional<Monotonic> Edge::expect(Monotonic now, const SoundOutlook& outlook) {
  std::optional<Monotonic> again;
  const auto no_later = [&again](std::optional<Monotonic> when) {
    if (when) again = again ? std::min(*again, *when) : *when;
  };
  if (amplifier_) no_later(amplifier_->expect(now, outlook));
  if (ear_) no_later(ear_->expect(now, outlook));
  return again;
}

void Edge::began(Monotonic now, std::uint64_t track) {
  if (ear_) ear_->began(now, track);
}

Measured Edge::ended(Monotonic now, std::uint64_t track, std::optional<double> digital_dbfs) {
  auto measured = ear_ ? ear_->ended(now, track, digital_dbfs) : Measured{};
  measured.measured = measured.measured || (amplifier_ && amplifier_->reads_fault());
  return measured;
}

Readings Edge::readings() const {
  Readings readings;
  if (amplifier_) readings.amplifier = amplifier_->state();
  if (ear_) {
    readings.amplifier_dbfs = ear_->last_dbfs();
    if (ear_->fault()) readings.amplifier = AmplifierState::fault;
    else if (!readings.amplifier) readings.amplifier = AmplifierState::on;  // without a relay it is always on
  }
  readings.measures = readings.amplifier_dbfs.has_value() || (amplifier_ && amplifier_->reads_fault());
  return readings;
}

}  // namespace loa::node::edge
