#include "node-firmware/edge/edge.hpp"

#include <algorithm>

namespace loa::node::edge {

using namespace std::chrono_literals;

namespace {

constexpr auto kLookEvery = 15s;

}  // namespace

Edge::Edge(const Settings& settings, Parts parts, Monotonic now)
    : lines_(std::move(parts.lines)), signal_(std::move(parts.signal)), watched_(settings.surroundings), today_(std::move(parts.today)) {
  if (settings.amplifier) amplifier_.emplace(*settings.amplifier, *lines_, now);
  if (settings.ear && parts.meter) ear_.emplace(*settings.ear, std::move(parts.meter));
  if (settings.current) current_.emplace(*settings.current);
  if (settings.data) data_.emplace(*settings.data, parts.boot_id, parts.kept_data, std::move(parts.keep_data));
}

Edge::~Edge() = default;

std::optional<Monotonic> Edge::expect(Monotonic now, const SoundOutlook& outlook) {
  std::optional<Monotonic> again;
  const auto no_later = [&again](std::optional<Monotonic> when) {
    if (when) again = again ? std::min(*again, *when) : *when;
  };
  if (amplifier_) no_later(amplifier_->expect(now, outlook));
  if (ear_) no_later(ear_->expect(now, outlook));
  if (current_) no_later(current_->expect(now, outlook));
  if (watched_.any() || data_) {
    if (now >= next_look_) look(now);
    no_later(next_look_);
  }
  return again;
}

void Edge::look(Monotonic now) {
  next_look_ = now + kLookEvery;
  if (watched_.any()) surroundings_ = look_around(watched_);
  if (data_) data_->look(now, today_ ? today_() : std::nullopt);
}

void Edge::began(Monotonic now, std::uint64_t track) {
  if (amplifier_) amplifier_->began(track);
  if (ear_) ear_->began(now, track);
  if (current_) current_->began(track);
}

Measured Edge::ended(Monotonic now, std::uint64_t track, std::optional<double> digital_dbfs) {
  auto measured = ear_ ? ear_->ended(now, track, digital_dbfs) : Measured{};
  // What either finds silent is silent: a line-in hears an amplifier to which no loudspeaker is connected, its current tells.
  const auto taken = current_ ? current_->ended(track, digital_dbfs) : Measured{};
  // And what the amplifier itself calls a fault from beginning to end no loudspeaker made heard, whatever reached its input.
  const bool only_faults = amplifier_ && amplifier_->ended(track);
  measured.silent = measured.silent || taken.silent || only_faults;
  measured.measured = measured.measured || taken.measured || only_faults || (amplifier_ && amplifier_->reads_fault());
  return measured;
}

std::string Edge::trouble() const {
  if (auto words = amplifier_ ? amplifier_->trouble() : std::string(); !words.empty()) return words;
  if (auto words = ear_ ? ear_->trouble() : std::string(); !words.empty()) return words;
  return current_ ? current_->trouble() : std::string();
}

Readings Edge::readings() const {
  Readings readings;
  if (amplifier_) readings.amplifier = amplifier_->state();
  if (ear_) readings.amplifier_dbfs = ear_->last_dbfs();
  if ((ear_ || current_) && !readings.amplifier) readings.amplifier = AmplifierState::on;  // without a relay it is always on
  if ((ear_ && ear_->fault()) || (current_ && current_->fault())) readings.amplifier = AmplifierState::fault;
  readings.measures = readings.amplifier_dbfs.has_value() || (current_ && current_->measures()) || (amplifier_ && amplifier_->reads_fault());
  readings.surroundings = surroundings_;
  if (signal_) readings.signal_percent = signal_->percent();
  if (data_) {
    readings.data_used = data_->used();
    if (data_->budget() > 0) readings.data_budget = data_->budget();
    readings.fetch_ahead = data_->ahead();
  }
  return readings;
}

}  // namespace loa::node::edge
