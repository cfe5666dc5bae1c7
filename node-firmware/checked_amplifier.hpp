#pragma once
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "node-firmware/edge/edge.hpp"

namespace loa::node {

/// The amplifier's relay and whatever tells of it (fault line, line-in, current) while `loa-node check` sounds its chime: the node's own code for them. Any
/// thread: a probe that hangs is left behind, and the relay must go off all the same.
class CheckedAmplifier {
 public:
  /// Takes the lines, the relay being off. Throws where the meter of a line-in cannot be made; a line that cannot be had is trouble().
  void open(const edge::Settings& settings);
  // As edge::Edge; without open(), or after off(), nothing.
  std::optional<edge::Monotonic> expect(edge::Monotonic now, const edge::SoundOutlook& outlook);
  void began(edge::Monotonic now, std::uint64_t track);
  void ended(edge::Monotonic now, std::uint64_t track, std::optional<double> digital_dbfs);
  /// Off, and the lines given back.
  void off();

  std::chrono::milliseconds on_before() const;
  /// As the settings say, but nobody waits for it longer than two seconds.
  std::chrono::milliseconds off_after() const;
  /// Whether the settings name a relay.
  bool switches() const;
  /// Why it is in fault, as of the last ended(); empty where it is not.
  std::string trouble() const;
  /// What else is known of it, to stand behind ", volume 100 %".
  std::string account() const;

 private:
  mutable std::mutex mutex_;
  edge::Settings settings_;
  std::optional<edge::Edge> edge_;
  edge::Measured measured_;
  std::string trouble_;
};

}  // namespace loa::node
