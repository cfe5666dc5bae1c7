#pragma once
#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "node-firmware/player.hpp"
#include "node-firmware/sink_wav.hpp"

namespace loa::node {

/// What a pipeline's bus says, as far as a run acts on it.
struct BusNote {
  enum Kind { async_done, eos, error } kind = error;
  std::string detail;
  TrackFault fault = TrackFault::clip;  ///< error: whose
};

/// What a pipeline's own threads tell; called on those threads, never after Flow::close().
struct FlowEvents {
  std::function<void(BusNote)> note;
  std::function<void(SteadyTime)> first;  ///< the first sample was rendered
};

/// What a pipeline's own threads do with the samples of one track: count them, cut them with a fade, notice the first one,
/// add them to the recording. Shared with those threads, so that it outlives a pipeline that does not end.
class Flow {
 public:
  static constexpr std::int64_t kRate = WavRecording::kRate;
  static constexpr std::int64_t kFade = kRate / 200;  ///< 5 ms
  static constexpr std::int64_t kPerMs = kRate / 1000;

  /// `length` in samples, 0: all.
  Flow(std::int64_t length, std::shared_ptr<WavRecording> recording, FlowEvents events);

  /// How long before its time the first buffer is to reach on_render(): more than a thread of high priority takes to wake up.
  static constexpr std::chrono::microseconds kEarly{400};

  /// Loop, before PLAYING: the first sample's time; the sink is set to render kEarly before it.
  void begin_at(SteadyTime begin) { begin_ = begin; }
  /// Loop: cut soon, at a whole millisecond. Then the sink drains and says EOS.
  void cut() { cut_asked_ = true; }
  /// Loop: tells nothing from now on, though a thread of the pipeline may still run.
  void close();
  /// Loop: takes the haste from a thread that does not end, so that it cannot starve the process for good.
  void slow_down() const;
  /// Pipeline thread, as it begins: goes before the process's other work, above all before hashing and fetching. Needs the
  /// right to (LimitRTPRIO or LimitNICE in the unit); without it starts are less exact on a busy board.
  void hasten_this_thread();
  /// Any thread: samples that went to the sink.
  std::int64_t passed() const { return passed_; }
  /// Any thread: RMS of all `level` messages in dBFS.
  std::optional<double> level() const;

  /// Pipeline thread, pad before the sink: S16LE mono 48 kHz buffers, and flushes.
  GstPadProbeReturn on_data(GstPadProbeInfo* info);
  /// Pipeline thread, when the sink renders a buffer; holds the first one back to its time, for at most kEarly.
  void on_render(GstBuffer* buffer);
  /// Pipeline thread: a message of the `level` element.
  void on_level(const GstStructure* message);
  /// Any thread: passes on what the bus said.
  void on_note(BusNote note);

 private:
  SteadyTime await_begin() const;
  void on_first(SteadyTime at);
  void fade(GstBuffer* buffer, std::int64_t from) const;

  std::atomic<std::int64_t> passed_{0};
  std::atomic<bool> cut_asked_{false};
  std::atomic<int> thread_{0};  ///< Linux thread id of the one that decodes and renders
  std::atomic<bool> first_seen_{false};
  std::atomic<SteadyTime> begin_{SteadyTime{}};
  std::int64_t cut_at_ = -1;  ///< pipeline thread: samples after which nothing passes; -1: none
  std::int64_t length_ = -1;
  std::shared_ptr<WavRecording> recording_;
  std::mutex events_mutex_;
  std::optional<FlowEvents> events_;  ///< nothing once closed
  std::int64_t next_frame_ = -1;  ///< pipeline thread: where the recording goes on
  mutable std::mutex level_mutex_;
  double energy_ = 0;
  double energy_seconds_ = 0;
};

}  // namespace loa::node
