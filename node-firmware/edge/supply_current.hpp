#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "node-firmware/edge/amplifier_verdict.hpp"
#include "node-firmware/edge/sound_gate.hpp"

namespace loa::node::edge {

struct CurrentSettings {
  std::filesystem::path file;  ///< holds one number, as an ADC's in_voltage0_raw (IIO) or curr1_input (hwmon)
  double floor = 0;            ///< in the file's own unit: what the amplifier takes while it is on and silent is not above it
};

/// The current that the amplifier takes: more of it while sound is sent, and no more than at rest where the amplifier is dead or nothing hangs on it. It
/// tells whether something sounds, not how loud. The file is read each kLook while something sounds. Loop thread.
class SupplyCurrent {
 public:
  static constexpr std::chrono::milliseconds kLook{200};

  explicit SupplyCurrent(CurrentSettings settings) : settings_(std::move(settings)) {}

  std::optional<Monotonic> expect(Monotonic now, const SoundOutlook& outlook);
  void began(std::uint64_t track);
  /// Heard where at least a tenth of the looks, and two, were above the floor: speech has pauses. Nothing is measured of what was shorter than five looks,
  /// of silence that was sent, and where looks failed that could have told; `dbfs` is always nothing.
  Measured ended(std::uint64_t track, std::optional<double> digital_dbfs);

  /// The last track that could be judged took no current, or the file could not be read.
  bool fault() const { return verdict_.fault(); }
  /// Why, for people; empty where there is no fault.
  std::string trouble() const;
  bool measures() const { return judged_ && !verdict_.blind(); }

 private:
  struct Looks {
    int all = 0, above = 0, failed = 0;
  };

  CurrentSettings settings_;
  std::map<std::uint64_t, Looks> looks_;  ///< by track
  Monotonic next_look_{};
  AmplifierVerdict verdict_;  ///< blind: the file holds no number
  bool judged_ = false;
};

}  // namespace loa::node::edge
