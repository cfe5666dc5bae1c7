#include "node-firmware/edge/amplifier.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace loa::node::edge {

using namespace std::chrono_literals;

namespace {

constexpr auto kTryAgain = 5s;
constexpr auto kLookOn = 1s;
constexpr auto kLookOff = 60s;
constexpr std::size_t kMostTracks = 16;

void tell(std::string& trouble, const std::string& now_is) {
  if (trouble == now_is) return;
  trouble = now_is;
  if (trouble.empty()) spdlog::info("amplifier: its lines can be used again");
  else spdlog::error("amplifier: {}", trouble);
}

}  // namespace

Amplifier::Amplifier(AmplifierSettings settings, Lines& lines, Monotonic now)
    : settings_(std::move(settings)), lines_(lines), timing_(settings_.timing) {
  expect(now, {});
}

Amplifier::~Amplifier() { release(); }

void Amplifier::release() noexcept {
  try {
    if (relay_) relay_->set(false);
  } catch (const std::exception& error) {
    spdlog::error("amplifier: {}", error.what());
  }
  relay_.reset();
  fault_line_.reset();
  on_ = false;
}

std::optional<Monotonic> Amplifier::expect(Monotonic now, const SoundOutlook& outlook) {
  const auto step = timing_.at(now, outlook);
  drive(now, step.on);
  look_at_fault(now, step.on);
  auto again = step.again;
  const auto no_later = [&again](Monotonic when) { again = again ? std::min(*again, when) : when; };
  if (!relay_trouble_.empty()) no_later(next_try_);
  if (has_fault_line()) no_later(next_look_);
  return again;
}

void Amplifier::drive(Monotonic now, bool on) {
  if (settings_.relay.line.empty()) {
    on_ = on;
    return;
  }
  if (relay_ && on == on_) return;
  if (!relay_ && now < next_try_) return;
  try {
    if (relay_) relay_->set(on);
    else relay_ = lines_.output(settings_.relay, on);
    if (on != on_) spdlog::info("amplifier {}", on ? "on" : "off");
    on_ = on;
    tell(relay_trouble_, {});
  } catch (const LineError& error) {
    relay_.reset();
    on_ = false;
    next_try_ = now + kTryAgain;
    tell(relay_trouble_, error.what());
  }
}

void Amplifier::look_at_fault(Monotonic now, bool on) {
  if (!has_fault_line()) return;
  const auto soonest = now + (on ? Monotonic(kLookOn) : Monotonic(kLookOff));
  if (now < next_look_ && soonest >= next_look_) return;
  next_look_ = soonest;
  read_fault();
}

void Amplifier::read_fault() {
  try {
    if (!fault_line_) fault_line_ = lines_.input(settings_.fault);
    const bool fault = fault_line_->active();
    if (fault != fault_) fault ? spdlog::error("amplifier: its fault line is active") : spdlog::info("amplifier: its fault line is quiet again");
    fault_ = fault;
    tell(fault_trouble_, {});
  } catch (const LineError& error) {
    fault_line_.reset();
    tell(fault_trouble_, error.what());
  }
  if (fault_ && fault_trouble_.empty()) return;
  for (auto& [track, only] : only_faults_) only = false;
}

void Amplifier::began(std::uint64_t track) {
  if (!has_fault_line()) return;
  if (only_faults_.size() >= kMostTracks) only_faults_.erase(only_faults_.begin());  // whose end nobody told
  only_faults_[track] = true;
  read_fault();
}

bool Amplifier::ended(std::uint64_t track) {
  if (!only_faults_.contains(track)) return false;
  read_fault();
  const bool only = only_faults_.at(track);
  only_faults_.erase(track);
  return only;
}

AmplifierState Amplifier::state() const {
  if (fault_ || !relay_trouble_.empty() || !fault_trouble_.empty()) return AmplifierState::fault;
  return on_ ? AmplifierState::on : AmplifierState::off;
}

std::string Amplifier::trouble() const {
  if (!relay_trouble_.empty()) return relay_trouble_;
  if (!fault_trouble_.empty()) return fault_trouble_;
  return fault_ ? "its fault line is active" : "";
}

void switch_off(const AmplifierSettings& settings, Lines& lines) {
  if (!settings.relay.line.empty()) lines.output(settings.relay, false);
}

}  // namespace loa::node::edge
