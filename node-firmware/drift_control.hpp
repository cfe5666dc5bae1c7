#pragma once

namespace loa::node {

/// Holds the sound of a device that runs fast or slow to the line of the monotonic clock: how much more frames than the clip has it must be
/// given. A PI controller without overshoot, as pure arithmetic: a device 100 ppm off is never more than 0.8 ms off the line, and none after
/// a minute.
class DriftControl {
 public:
  /// No sound card is further off; what asks for more is not drift (an underrun), and is made up for slowly instead of audibly.
  static constexpr double kMostPpm = 1000;

  /// `ppm`: what an earlier track found out of the device.
  explicit DriftControl(double ppm = 0);
  /// `ahead`: seconds by which what is heard is before its time; `passed`: seconds since the last call, below 5. Frames to be added, in
  /// millionths of those that the clip has.
  double step(double ahead, double passed);
  /// What the device's own rate is off by, as far as it is known: without what makes up for the error of the moment.
  double learnt() const { return integral_; }

 private:
  double integral_;
};

}  // namespace loa::node
