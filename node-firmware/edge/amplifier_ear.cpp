#include "node-firmware/edge/amplifier_ear.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace loa::node::edge {

using namespace std::chrono_literals;

namespace {

constexpr double kDigitalSound = -60;   // what was sent is sound above this
constexpr auto kJudgedFrom = 1s;        // a shorter track says nothing of the amplifier
constexpr std::size_t kMostTracks = 16; // at once; the player never has so many

}  // namespace

AmplifierEar::AmplifierEar(EarSettings settings, std::unique_ptr<LevelMeter> meter)
    : settings_(std::move(settings)), meter_(std::move(meter)) {}

AmplifierEar::~AmplifierEar() { meter_->listen(false); }

std::optional<Monotonic> AmplifierEar::expect(Monotonic now, const SoundOutlook& outlook) {
  const auto step = timing_.at(now, outlook);
  meter_->listen(step.on);
  return step.again;
}

void AmplifierEar::began(Monotonic now, std::uint64_t track) {
  if (marks_.size() >= kMostTracks) marks_.erase(marks_.begin());
  marks_[track] = {now, meter_->total()};
}

Measured AmplifierEar::ended(Monotonic now, std::uint64_t track, std::optional<double> digital_dbfs) {
  const auto found = marks_.find(track);
  if (found == marks_.end()) return {};
  const auto mark = found->second;
  marks_.erase(found);
  const auto level = level_between(mark.total, meter_->total());
  if (now - mark.at < kJudgedFrom || !digital_dbfs || *digital_dbfs <= kDigitalSound) return {level.has_value(), level, false};
  if (level) last_ = level;
  const bool silent = level && *level <= settings_.floor_dbfs;
  tell(silent, !level);
  // A device that gives nothing, and no error either, may have been pulled out: it is opened anew at the next look.
  if (!level) meter_->listen(false);
  return {level.has_value(), level, silent};
}

void AmplifierEar::tell(bool silent, bool deaf) {
  const bool was_silent = silent_, was_deaf = deaf_;
  silent_ = silent;
  deaf_ = deaf;
  if (deaf) deaf_words_ = meter_->trouble();
  if ((silent && !was_silent) || (deaf && !was_deaf)) spdlog::error("amplifier: {}", trouble());
  if (!silent && !deaf && (was_silent || was_deaf)) spdlog::info("amplifier: it is heard again ({:.0f} dBFS)", *last_);
}

std::string AmplifierEar::trouble() const {
  if (silent_) return fmt::format("nothing comes out of it, though sound was sent ({:.0f} dBFS)", last_.value_or(-120));
  return deaf_ ? fmt::format("{} is not heard: {}", settings_.device, deaf_words_.empty() ? "it gives no samples" : deaf_words_) : "";
}

}  // namespace loa::node::edge
