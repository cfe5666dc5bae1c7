#include "node-firmware/edge/supply_current.hpp"

#include <fmt/format.h>

#include "node-firmware/edge/board_files.hpp"

namespace loa::node::edge {
namespace {

constexpr int kLeastLooks = 5;  // a second of sound

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
  verdict_.judge(!heard && !blind, blind, [this] { return trouble(); }, [] { return std::string("it takes current again"); });
  judged_ = true;
  return {!blind, std::nullopt, !heard && !blind};
}

std::string SupplyCurrent::trouble() const {
  if (verdict_.silent()) return fmt::format("it takes no more current than at rest ({} in {}), though sound was sent", settings_.floor, settings_.file.string());
  return verdict_.blind() ? fmt::format("{} holds no number: its current is not known", settings_.file.string()) : "";
}

}  // namespace loa::node::edge
