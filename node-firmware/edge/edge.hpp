#pragma once
#include <functional>
#include <memory>
#include <string>

#include "node-firmware/edge/amplifier_ear.hpp"
#include "node-firmware/edge/modem.hpp"
#include "node-firmware/edge/settings.hpp"

namespace loa::node::edge {

/// What the board says of its hardware now; nothing of what it does not have.
struct Readings {
  std::optional<AmplifierState> amplifier;
  std::optional<double> amplifier_dbfs;  ///< of the last track that could be judged
  bool measures = false;                 ///< it could tell whether the amplifier sounds
  Surroundings surroundings;
  std::optional<int> signal_percent;        ///< of the connected modem with the strongest
  std::optional<std::int64_t> data_used;    ///< bytes this month
  std::optional<std::int64_t> data_budget;
  std::optional<std::chrono::hours> fetch_ahead;  ///< clips that are due later must wait: see scheduler::fetch_ahead
  bool operator==(const Readings&) const = default;
};

/// All of the board's hardware that the settings name; without any it costs nothing. Loop thread.
class Edge final : public SoundGate {
 public:
  /// What others make for it. `meter` hears the device of `[level]`, null where there is none.
  struct Parts {
    std::unique_ptr<Lines> lines;
    std::unique_ptr<LevelMeter> meter;
    std::unique_ptr<SignalMeter> signal;                  ///< null where no modem is watched
    std::string boot_id;                                  ///< the kernel's
    std::string kept_data;                                ///< what keep_data was given by an earlier run
    std::function<void(const std::string&)> keep_data;    ///< keeps the count of data used; may throw
    std::function<std::optional<LocalDate>()> today;      ///< nothing while the node does not know the time
  };
  Edge(const Settings& settings, Parts parts, Monotonic now);
  ~Edge() override;

  std::optional<Monotonic> expect(Monotonic now, const SoundOutlook& outlook) override;
  void began(Monotonic now, std::uint64_t track) override;
  Measured ended(Monotonic now, std::uint64_t track, std::optional<double> digital_dbfs) override;

  Readings readings() const;
  /// Why the amplifier is in fault, for people; empty where it is not.
  std::string trouble() const;

 private:
  void look(Monotonic now);

  std::unique_ptr<Lines> lines_;
  std::optional<Amplifier> amplifier_;
  std::optional<AmplifierEar> ear_;
  std::optional<SupplyCurrent> current_;
  std::unique_ptr<SignalMeter> signal_;
  SurroundingsSettings watched_;
  Surroundings surroundings_;
  std::optional<DataUsage> data_;
  std::function<std::optional<LocalDate>()> today_;
  Monotonic next_look_{};
};

}  // namespace loa::node::edge
