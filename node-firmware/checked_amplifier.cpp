#include "node-firmware/checked_amplifier.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "node-firmware/level_meter_gst.hpp"

namespace loa::node {

using namespace std::chrono_literals;

void CheckedAmplifier::open(const edge::Settings& settings) {
  const std::lock_guard lock(mutex_);
  settings_ = settings;
  settings_.data.reset();  // what the month's data was is the running node's to count
  settings_.surroundings = {};
  edge::Edge::Parts parts;
  if (settings_.amplifier) parts.lines = edge::make_gpiod_lines();
  if (settings_.ear) parts.meter = make_gst_level_meter(settings_.ear->device);
  edge_.emplace(settings_, std::move(parts), std::chrono::steady_clock::now().time_since_epoch());
}

std::optional<edge::Monotonic> CheckedAmplifier::expect(edge::Monotonic now, const edge::SoundOutlook& outlook) {
  const std::lock_guard lock(mutex_);
  return edge_ ? edge_->expect(now, outlook) : std::nullopt;
}

void CheckedAmplifier::began(edge::Monotonic now, std::uint64_t track) {
  const std::lock_guard lock(mutex_);
  if (edge_) edge_->began(now, track);
}

void CheckedAmplifier::ended(edge::Monotonic now, std::uint64_t track, std::optional<double> digital_dbfs) {
  const std::lock_guard lock(mutex_);
  if (!edge_) return;
  measured_ = edge_->ended(now, track, digital_dbfs);
  trouble_ = edge_->trouble();
}

void CheckedAmplifier::off() {
  const std::lock_guard lock(mutex_);
  edge_.reset();
}

std::chrono::milliseconds CheckedAmplifier::on_before() const {
  const std::lock_guard lock(mutex_);
  return settings_.amplifier ? settings_.amplifier->timing.on_before : 0ms;
}

std::chrono::milliseconds CheckedAmplifier::off_after() const {
  const std::lock_guard lock(mutex_);
  return settings_.amplifier ? std::min<std::chrono::milliseconds>(settings_.amplifier->timing.off_after, 2s) : 0ms;
}

bool CheckedAmplifier::switches() const {
  const std::lock_guard lock(mutex_);
  return settings_.amplifier && !settings_.amplifier->relay.line.empty();
}

std::string CheckedAmplifier::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

std::string CheckedAmplifier::account() const {
  const bool relay = switches();
  const std::lock_guard lock(mutex_);
  std::string words;
  if (relay) words += fmt::format(", relay {} switched on for it", settings_.amplifier->relay.line);
  if (measured_.dbfs) words += fmt::format(", heard at the amplifier at {:.0f} dBFS", *measured_.dbfs);
  else if (measured_.measured && settings_.current) words += ", and the amplifier took current";
  return words;
}

}  // namespace loa::node
