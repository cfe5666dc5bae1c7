#pragma once
#include <gst/audio/gstaudiobasesink.h>
#include <gst/gst.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "node-firmware/player.hpp"

namespace loa::node {

/// Puts the first sample of a track where an alsasink's device sounds it when it is due.
/// Left alone, alsasink starts its device at the due time and fills it with silence first, as many segments as its thread manages
/// before the samples come: they sound up to a whole buffer late, or are dropped as late. So the device starts a lead early, on
/// silence; once it runs, its own delay says which frame is heard when; only then are the samples placed.
class AlsaStart {
 public:
  explicit AlsaStart(GstElement* sink) : sink_(GST_AUDIO_BASE_SINK(sink)) {}

  /// Loop, as the pipeline is built: takes part in what flows through the last pad before the sink.
  static void join(const std::shared_ptr<AlsaStart>& start, GstPad* pad);
  /// Loop, prerolled: how long before the first sample the device must start.
  std::chrono::nanoseconds lead() const;
  /// Loop, prerolled, before PLAYING: the base time is to be `begin` − lead().
  void begin_at(SteadyTime begin);
  /// Loop, after begin_at: another begin. False where the first sample has its place already.
  bool move_to(SteadyTime begin);
  /// Loop: ends what waits in the pipeline's thread.
  void close();
  /// Every 2 ms since the first sample is due, in the loop's stead, because it may wait for the device: reads its delay. Returns when the first sample was heard, once the readings
  /// span a mixer's period, or at `last` by those there are; nothing where the device said nothing.
  std::optional<SteadyTime> first_heard(bool last);

  /// How far the device has come with what follows the first sample.
  struct Progress {
    double heard = 0;   ///< seconds of it that were heard, by the device's frames
    double passed = 0;  ///< seconds since the first sample was to be heard, on CLOCK_MONOTONIC
  };
  /// Pipeline thread: nothing before the first sample is in the device, or where it keeps no time. May be behind by a step of the device's
  /// pointer, never ahead.
  std::optional<Progress> progress();
  /// Any thread: seconds after the first sample that were heard at the last progress(); 0 before.
  double heard() const { return heard_; }
  /// Any thread: frames that the device has taken, silence included; 0 while it is not open. Never waits for the device.
  std::int64_t given() const;
  /// Pipeline thread: ends the track with an error that says `kBehind`.
  void fall_behind(double seconds);
  static constexpr int kBehind = GST_RESOURCE_ERROR_SYNC;

  /// Pipeline thread.
  GstPadProbeReturn on_data(GstPad* pad, GstPadProbeInfo* info);

 private:
  /// A frame of the device and when it is heard, by one reading of its delay.
  struct Reading {
    SteadyTime at;
    double frame = 0;
  };
  Reading read() const;
  SteadyTime zero_of(const Reading& reading) const;
  double rate() const;
  std::chrono::nanoseconds buffer_time() const;
  bool wait_until(SteadyTime time);
  GstFlowReturn start_on_silence(GstPad* pad, GstBuffer* first);
  bool learn_line();
  void place();
  void note_first_frame();

  GstAudioBaseSink* sink_;  ///< the pipeline keeps it
  // Pipeline thread:
  bool opened_ = false;          ///< silence was sent
  bool own_ = false;             ///< what passes now is that silence
  std::uint64_t first_size_ = 0; ///< frames of the first buffer, until its place is known
  // Shared:
  std::atomic<double> heard_{0};
  std::mutex mutex_;
  std::condition_variable change_;
  bool closed_ = false;
  bool placed_ = false;    ///< the first sample is on its way into the device
  SteadyTime first_begin_; ///< by which the base time was set
  SteadyTime begin_;
  SteadyTime zero_ = SteadyTime::max();     ///< when frame 0 was heard, as learnt before the first sample
  std::optional<std::int64_t> first_frame_;  ///< of the device, where the first sample lies
  // Of first_heard:
  int readings_ = 0;
  SteadyTime heard_zero_ = SteadyTime::max();  ///< when frame 0 was heard, by the readings since the first sample
};

}  // namespace loa::node
