#include "node-firmware/player_alsa.hpp"

#include <gst/audio/audio.h>

#include <algorithm>

namespace loa::node {
namespace {

using namespace std::chrono_literals;

/// Within this after its start a device has shown where it stands: mixers move in periods of up to 21 ms and wait for the next one.
constexpr auto kLearning = 90ms;
/// From the last reading to the earliest frame that can still be written, beside the device's buffer.
constexpr auto kMargin = 20ms;
constexpr auto kBetweenReadings = 1ms;
/// A device that has gone this much further than twice the time that passed keeps no time at all.
constexpr auto kOutrun = 100ms;
constexpr int kReadingsToReport = 12;
/// The most that mixers move their pointer by at once.
constexpr auto kPointerStep = 22ms;

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }
std::chrono::nanoseconds nanoseconds_of(double seconds) { return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)); }

GstPadProbeReturn on_pad(GstPad* pad, GstPadProbeInfo* info, void* data) {
  return (*static_cast<std::shared_ptr<AlsaStart>*>(data))->on_data(pad, info);
}
void let_go(void* data) { delete static_cast<std::shared_ptr<AlsaStart>*>(data); }

/// A segment's worth of silence with the time of `first`.
GstBuffer* silence_before(GstBuffer* first, const GstAudioRingBufferSpec& spec) {
  GstBuffer* silence = gst_buffer_new_allocate(nullptr, static_cast<gsize>(spec.segsize), nullptr);
  GstMapInfo map;
  if (gst_buffer_map(silence, &map, GST_MAP_WRITE)) {
    gst_audio_format_info_fill_silence(spec.info.finfo, map.data, map.size);
    gst_buffer_unmap(silence, &map);
  }
  GST_BUFFER_PTS(silence) = GST_BUFFER_PTS(first);
  return silence;
}

}  // namespace

void AlsaStart::join(const std::shared_ptr<AlsaStart>& start, GstPad* pad) {
  const auto types = GstPadProbeType(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH);
  gst_pad_add_probe(pad, types, on_pad, new std::shared_ptr<AlsaStart>(start), let_go);
}

double AlsaStart::rate() const { return GST_AUDIO_INFO_RATE(&sink_->ringbuffer->spec.info); }

std::chrono::nanoseconds AlsaStart::buffer_time() const {
  return std::chrono::microseconds(sink_->ringbuffer ? sink_->ringbuffer->spec.buffer_time : 0);
}

std::chrono::nanoseconds AlsaStart::lead() const { return buffer_time() + kLearning + kMargin; }

void AlsaStart::begin_at(SteadyTime begin) {
  const std::lock_guard lock(mutex_);
  begin_ = first_begin_ = begin;
  gst_base_sink_set_ts_offset(GST_BASE_SINK(sink_), lead().count());
}

bool AlsaStart::move_to(SteadyTime begin) {
  const std::lock_guard lock(mutex_);
  if (placed_) return false;
  begin_ = begin;
  gst_base_sink_set_ts_offset(GST_BASE_SINK(sink_), (lead() + (begin_ - first_begin_)).count());
  return true;
}

void AlsaStart::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  change_.notify_all();
}

bool AlsaStart::wait_until(SteadyTime time) {
  std::unique_lock lock(mutex_);
  return !change_.wait_until(lock, time, [this] { return closed_; });
}

AlsaStart::Reading AlsaStart::read() const {
  // In this order a write between the two makes the device seem behind, never ahead.
  const auto written = static_cast<double>(gst_audio_ring_buffer_samples_done(sink_->ringbuffer));
  const SteadyTime at = steady_now();
  return {at, written - static_cast<double>(gst_audio_ring_buffer_delay(sink_->ringbuffer))};
}

SteadyTime AlsaStart::zero_of(const Reading& reading) const { return reading.at - nanoseconds_of(reading.frame / rate()); }

GstFlowReturn AlsaStart::start_on_silence(GstPad* pad, GstBuffer* first) {
  own_ = true;
  const GstFlowReturn flow = gst_pad_push(pad, silence_before(first, sink_->ringbuffer->spec));  // prerolls, and returns once started
  own_ = false;
  return flow;
}

/// Tells the sink at which time its device sounds which frame. Returns false where it does not keep time.
bool AlsaStart::learn_line() {
  SteadyTime started, learnt;
  const auto ask = [&] {
    const std::lock_guard lock(mutex_);
    started = first_begin_ - lead();
    learnt = begin_ - buffer_time() - kMargin;
  };
  ask();
  Reading last;
  // Every reading may be behind, by a step of the device's pointer, but none is ahead: the earliest zero is the right one.
  SteadyTime zero = SteadyTime::max();
  do {
    last = read();
    ask();  // it may be moved
    if (last.frame <= 0) continue;
    zero = std::min(zero, zero_of(last));
  } while (wait_until(std::min(learnt, steady_now() + kBetweenReadings)) && steady_now() < learnt);
  if (zero == SteadyTime::max()) return true;
  if (nanoseconds_of(last.frame / rate()) > 2 * (last.at - started) + kOutrun) return false;
  GstClock* clock = sink_->provided_clock;
  const auto done = static_cast<GstClockTime>(std::max(0.0, last.frame / rate() * 1e9));
  gst_clock_set_calibration(clock, done, static_cast<GstClockTime>(zero.time_since_epoch().count()) + done, 1, 1);
  const std::lock_guard lock(mutex_);
  zero_ = zero;
  return true;
}

/// Where the thread comes too late for the due time, begins later instead of losing the clip's beginning.
void AlsaStart::place() {
  const std::lock_guard lock(mutex_);
  placed_ = true;
  if (zero_ == SteadyTime::max()) return;
  const double free = static_cast<double>(gst_audio_ring_buffer_samples_done(sink_->ringbuffer)) + sink_->ringbuffer->samples_per_seg;
  const auto late = zero_ + nanoseconds_of(free / rate()) - begin_;
  if (late <= 0ns) return;
  begin_ += late;
  gst_base_sink_set_ts_offset(GST_BASE_SINK(sink_), (lead() + (begin_ - first_begin_)).count());
}

void AlsaStart::note_first_frame() {
  if (first_size_ == 0) return;
  if (sink_->next_sample != guint64(-1)) {
    const std::lock_guard lock(mutex_);
    first_frame_ = static_cast<std::int64_t>(sink_->next_sample - first_size_);
  }
  first_size_ = 0;
}

GstPadProbeReturn AlsaStart::on_data(GstPad* pad, GstPadProbeInfo* info) {
  if (own_) return GST_PAD_PROBE_OK;
  if (GST_PAD_PROBE_INFO_TYPE(info) & (GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH)) {
    const auto event = GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info));
    if (event == GST_EVENT_FLUSH_STOP) opened_ = false;
    if (event == GST_EVENT_EOS) note_first_frame();
    return GST_PAD_PROBE_OK;
  }
  if (opened_) {
    note_first_frame();
    return GST_PAD_PROBE_OK;
  }
  opened_ = true;
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  GstFlowReturn flow = start_on_silence(pad, buffer);
  if (flow == GST_FLOW_OK && !learn_line()) {
    GST_ELEMENT_ERROR(sink_, RESOURCE, FAILED, ("The device does not keep time."), (nullptr));
    flow = GST_FLOW_ERROR;
  }
  if (flow != GST_FLOW_OK) {
    gst_buffer_unref(buffer);
    GST_PAD_PROBE_INFO_DATA(info) = nullptr;
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = flow;
    return GST_PAD_PROBE_HANDLED;
  }
  place();
  buffer = gst_buffer_make_writable(buffer);
  GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);  // goes where its time says, not behind the silence
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  first_size_ = gst_buffer_get_size(buffer) / static_cast<std::uint64_t>(GST_AUDIO_INFO_BPF(&sink_->ringbuffer->spec.info));
  return GST_PAD_PROBE_OK;
}

std::optional<AlsaStart::Progress> AlsaStart::progress() {
  SteadyTime begin;
  double first = 0;
  {
    const std::lock_guard lock(mutex_);  // not over the reading: a device that hangs would hold whoever else asks
    if (!first_frame_ || zero_ == SteadyTime::max()) return {};
    first = static_cast<double>(*first_frame_);
    begin = begin_;
  }
  const Reading reading = read();
  const Progress progress{(reading.frame - first) / rate(), std::chrono::duration<double>(reading.at - begin).count()};
  heard_ = std::max(progress.heard, 0.0);
  return progress;
}

std::int64_t AlsaStart::given() const {
  GstAudioRingBuffer* ring = sink_->ringbuffer;
  return ring ? static_cast<std::int64_t>(gst_audio_ring_buffer_samples_done(ring)) : 0;
}

void AlsaStart::fall_behind(double seconds) {
  GST_ELEMENT_ERROR(sink_, RESOURCE, SYNC, ("The device is %.2f s behind.", seconds), (nullptr));
}

std::optional<SteadyTime> AlsaStart::first_heard(bool last) {
  SteadyTime zero;
  std::int64_t first = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!first_frame_) return {};
    first = *first_frame_;
    zero = zero_;
  }
  if (const Reading reading = read(); reading.frame > static_cast<double>(first)) {
    heard_zero_ = std::min(heard_zero_, zero_of(reading));
    ++readings_;
  }
  if (readings_ < (last ? 1 : kReadingsToReport)) return {};
  // Learnt from more readings; but where the device stood still since, the new ones are right.
  const bool same_line = zero != SteadyTime::max() && heard_zero_ - zero < kPointerStep;
  return (same_line ? std::min(zero, heard_zero_) : heard_zero_) + nanoseconds_of(static_cast<double>(first) / rate());
}

}  // namespace loa::node
