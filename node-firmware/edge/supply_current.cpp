#include "node-firmware/edge/supply_current.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "node-firmware/edge/board_files.hpp"

namespace loa::node::edge {
namespace {

constexpr double kDigitalSound = -60;    // what was sent is sound above this
constexpr int kLeastLooks = 5;           // a second of sound
constexpr std::size_t kMostTracks = 16;  // at once; the player never has so many

}  // namespace

std::optional<Monotonic> SupplyCurrent::expect(Monotonic now, const SoundOutlook& outlook) {
  if (!outlook.sounding) return std::nullopt;
  if (now < next_look_) return next_look_;
  next_look_ = now + kLook;
  if (looks_.empty()) return next_look_;
  const auto current = read_decimal(settings_.file);
  for (auto& [track, looks] : looks_) {
    ++looks.all;
    if (!current) ++looks.failed;
    else if (*current > settings_.floor) ++looks.above;
  }
  return next_look_;
}

void SupplyCurrent::began(std::uint64_t track) {
  if (looks_.size() >= kMostTracks) looks_.erase(looks_.begin());
  looks_[track] = {};
}

Measured SupplyCurrent::ended(std::uint64_t track, std::optional<double> digital_dbfs) {
  const auto found = looks_.find(track);
  if (found == looks_.end()) return {};
  const auto looks = found->second;
  looks_.erase(found);
  if (looks.all < kLeastLooks || !digital_dbfs || *digital_dbfs <= kDigitalSound) return {};
  const bool heard = looks.above >= 2 && looks.above * 10 >= looks.all;
  const bool blind = !heard && looks.failed > 0;
  tell(!heard && !blind, blind);
  judged_ = true;
  return {!blind, std::nullopt, !heard && !blind};
}

void SupplyCurrent::tell(bool silent, bool blind) {
  const bool was_silent = silent_, was_blind = blind_;
  silent_ = silent;
  blind_ = blind;
  if ((silent && !was_silent) || (blind && !was_blind)) spdlog::error("amplifier: {}", trouble());
  if (!silent && !blind && (was_silent || was_blind)) spdlog::info("amplifier: it takes current again");
}

std::string SupplyCurrent::trouble() const {
  if (silent_) return fmt::format("it takes no more current than at rest ({} in {}), though sound was sent", settings_.floor, settings_.file.string());
  return blind_ ? fmt::format("{} holds no number: its current is not known", settings_.file.string()) : "";
}

}  // namespace loa::node::edge
