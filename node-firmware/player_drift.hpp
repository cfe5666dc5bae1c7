#pragma once
#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "node-firmware/drift_control.hpp"
#include "node-firmware/player_alsa.hpp"

namespace loa::node {

/// What is known of the device's rate, in ppm against CLOCK_MONOTONIC, from track to track.
using DeviceRate = std::shared_ptr<std::atomic<double>>;

/// Lets a track sound at the pace of CLOCK_MONOTONIC on a device that has its own: resamples by the few millionths that it is off, as the
/// device's own reports say. The samples go to the sink without a gap, counted by the device's frames, so that the sink never skips or
/// repeats any, as alsasink does by itself each 40 ms. S16 mono at 48 kHz. Pipeline thread, but for join().
class DriftResampler {
 public:
  DriftResampler(std::shared_ptr<AlsaStart> device, DeviceRate rate);
  ~DriftResampler();
  DriftResampler(const DriftResampler&) = delete;
  DriftResampler& operator=(const DriftResampler&) = delete;

  /// Loop, as the pipeline is built: takes part in what flows through `pad`, before anything that changes the format.
  static void join(const std::shared_ptr<DriftResampler>& drift, GstPad* pad);

  GstPadProbeReturn on_data(GstPad* pad, GstPadProbeInfo* info);

 private:
  void reset();
  GstPadProbeReturn on_event(GstPad* pad, GstPadProbeInfo* info);
  GstBuffer* resampled(GstBuffer* clip);
  GstBuffer* made_of(gpointer samples, std::size_t frames);
  bool look_at_device();
  void set(double ppm);

  std::shared_ptr<AlsaStart> device_;
  DeviceRate rate_;
  DriftControl control_;
  GstAudioResampler* resampler_ = nullptr;
  bool own_ = false;               ///< what passes now is the resampler's rest
  int given_rate_ = 0;             ///< frames out for kUnit frames in
  GstClockTime first_pts_ = GST_CLOCK_TIME_NONE;
  std::int64_t given_ = 0;         ///< frames given to the device since then
  double taken_ = 0;               ///< where in the clip the last of them lies, in frames since then
  double most_ahead_ = 0;          ///< of the readings since the last step
  int behind_ = 0;                 ///< readings in a row by which the device is too far behind
  double last_step_ = -1;          ///< seconds since the first sample
};

}  // namespace loa::node
