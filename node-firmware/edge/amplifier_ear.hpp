#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "node-firmware/edge/amplifier_timing.hpp"
#include "node-firmware/edge/amplifier_verdict.hpp"
#include "node-firmware/edge/level_meter.hpp"

namespace loa::node::edge {

struct EarSettings {
  std::string device;        ///< the ALSA capture device at the amplifier's output
  double floor_dbfs = -60;   ///< nothing above it is silence: the noise of the device, the amplifier being on
};

/// Compares what was sent to the sink with what a meter heard at the amplifier. It listens from a second before a sound until a second after.
/// Loop thread.
class AmplifierEar {
 public:
  AmplifierEar(EarSettings settings, std::unique_ptr<LevelMeter> meter);
  ~AmplifierEar();

  std::optional<Monotonic> expect(Monotonic now, const SoundOutlook& outlook);
  void began(Monotonic now, std::uint64_t track);
  Measured ended(Monotonic now, std::uint64_t track, std::optional<double> digital_dbfs);

  /// The last track that could be judged went silent at the amplifier, or its device could not be heard at all.
  bool fault() const { return verdict_.fault(); }
  /// Why, for people; empty where there is no fault.
  std::string trouble() const;
  std::optional<double> last_dbfs() const { return last_; }

 private:
  struct Mark {
    Monotonic at{};
    HeardTotal total;
  };

  EarSettings settings_;
  std::unique_ptr<LevelMeter> meter_;
  AmplifierTiming timing_{{std::chrono::seconds(1), std::chrono::seconds(1)}};
  std::map<std::uint64_t, Mark> marks_;  ///< by track
  std::optional<double> last_;
  AmplifierVerdict verdict_;  ///< blind: the device gives nothing
  std::string deaf_words_;
};

}  // namespace loa::node::edge
