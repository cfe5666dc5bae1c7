#include "node-firmware/edge/amplifier_ear.hpp"

#include <fmt/format.h>

namespace loa::node::edge {

using namespace std::chrono_literals;

namespace {

constexpr auto kJudgedFrom = 1s;  // a shorter track says nothing of the amplifier

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
  if (!level) deaf_words_ = meter_->trouble();
  verdict_.judge(silent, !level, [this] { return trouble(); }, [this] { return fmt::format("it is heard again ({:.0f} dBFS)", *last_); });
  // A device that gives nothing, and no error either, may have been pulled out: it is opened anew at the next look.
  if (!level) meter_->listen(false);
  return {level.has_value(), level, silent};
}

std::string AmplifierEar::trouble() const {
  if (verdict_.silent()) return fmt::format("nothing comes out of it, though sound was sent ({:.0f} dBFS)", last_.value_or(-120));
  return verdict_.blind() ? fmt::format("{} is not heard: {}", settings_.device, deaf_words_.empty() ? "it gives no samples" : deaf_words_) : "";
}

}  // namespace loa::node::edge
