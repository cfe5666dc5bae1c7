#pragma once
#include <memory>

#include "node-firmware/edge/amplifier_ear.hpp"
#include "node-firmware/edge/settings.hpp"

namespace loa::node::edge {

/// What the board says of its hardware now; nothing of what it does not have.
struct Readings {
  std::optional<AmplifierState> amplifier;
  std::optional<double> amplifier_dbfs;  ///< of the last track that could be judged
  bool measures = false;                 ///< it could tell whether the amplifier sounds
  bool operator==(const Readings&) const = default;
};

/// All of the board's hardware that the settings name; without any it costs nothing. Loop thread.
class Edge final : public SoundGate {
 public:
  /// What others make for it. `meter` hears the device of `[level]`, null where there is none.
  struct Parts {
    std::unique_ptr<Lines> lines;
    std::unique_ptr<LevelMeter> meter;
  };
  Edge(const Settings& settings, Parts parts, Monotonic now);
  ~Edge() override;

  std::optional<Monotonic> expect(Monotonic now, const SoundOutlook& outlook) override;
  void began(Monotonic now, std::uint64_t track) override;
  Measured ended(Monotonic now, std::uint64_t track, std::optional<double> digital_dbfs) override;

  Readings readings() const;

 private:
  std::unique_ptr<Lines> lines_;
  std::optional<Amplifier> amplifier_;
  std::optional<AmplifierEar> ear_;
};

}  // namespace loa::node::edge
