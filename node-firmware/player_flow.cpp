#include "node-firmware/player_flow.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace loa::node {
namespace {

/// Above ordinary work, below what audio servers and drivers use.
constexpr int kRealTimePriority = 10;
constexpr double kFloorDb = -120.0;
/// A buffer that is rendered later than this after the one before has left a gap, which the recording must show.
constexpr std::int64_t kGapFrames = Flow::kRate * 40 / 1000;

/// The `rms` field of the one channel, in dB.
double rms_db(const GstStructure* message) {
  const GValue* value = gst_structure_get_value(message, "rms");
  // `level` fills this deprecated type until GStreamer 2.
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  const auto* list = value ? static_cast<const GValueArray*>(g_value_get_boxed(value)) : nullptr;
  const bool some = list && list->n_values > 0;
  const double db = some ? g_value_get_double(&list->values[0]) : kFloorDb;
  G_GNUC_END_IGNORE_DEPRECATIONS
  return db;
}

}  // namespace

Flow::Flow(std::int64_t length, std::shared_ptr<WavRecording> recording, FlowEvents events)
    : recording_(std::move(recording)), events_(std::move(events)) {
  if (length > 0) length_ = length;
  cut_at_ = length_;
}

void Flow::hasten_this_thread() {
  thread_ = ::gettid();
  const sched_param param{kRealTimePriority};
  if (::sched_setscheduler(thread_, SCHED_RR, &param) != 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(thread_.load()), -15);
}

void Flow::slow_down() const {
  const sched_param param{0};
  if (thread_ != 0) ::sched_setscheduler(thread_, SCHED_OTHER, &param);
}

GstPadProbeReturn Flow::on_data(GstPadProbeInfo* info) {
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_FLUSH) {
    // A seek throws away what was prerolled at the clip's beginning.
    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_FLUSH_STOP) passed_ = 0;
    return GST_PAD_PROBE_OK;
  }
  const auto samples = static_cast<std::int64_t>(gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info)) / 2);
  const std::int64_t from = passed_;
  if (cut_asked_.exchange(false)) {
    const std::int64_t soon = (from + kFade + kPerMs - 1) / kPerMs * kPerMs;
    cut_at_ = cut_at_ < 0 ? soon : std::min(cut_at_, soon);
  }
  if (cut_at_ >= 0 && from >= cut_at_) {
    // EOS to the demuxer makes it end the stream in order: the sink plays what it has, then says so.
    gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
    GST_PAD_PROBE_INFO_DATA(info) = nullptr;
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_EOS;
    return GST_PAD_PROBE_HANDLED;
  }
  if (cut_at_ >= 0 && from + samples > cut_at_ - kFade) {
    GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    if (from + samples > cut_at_) {
      gst_buffer_set_size(buffer, (cut_at_ - from) * 2);
      GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale(cut_at_ - from, GST_SECOND, kRate);
    }
    fade(buffer, from);
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
  }
  passed_ += static_cast<std::int64_t>(gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info)) / 2);
  return GST_PAD_PROBE_OK;
}

void Flow::fade(GstBuffer* buffer, std::int64_t from) const {
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READWRITE)) return;
  auto* sample = reinterpret_cast<std::int16_t*>(map.data);
  const auto count = static_cast<std::int64_t>(map.size / 2);
  for (std::int64_t i = std::max<std::int64_t>(0, cut_at_ - kFade - from); i < count; ++i)
    sample[i] = static_cast<std::int16_t>(sample[i] * (cut_at_ - from - i) / kFade);
  gst_buffer_unmap(buffer, &map);
}

void Flow::on_first(SteadyTime at) {
  if (first_seen_.exchange(true)) return;
  const std::lock_guard lock(events_mutex_);
  if (events_) events_->first(at);
}

void Flow::on_note(BusNote note) {
  const std::lock_guard lock(events_mutex_);
  if (events_) events_->note(std::move(note));
}

void Flow::close() {
  const std::lock_guard lock(events_mutex_);
  events_.reset();
}

/// A sleeping thread wakes up 0.05 to 0.4 ms late; one that watches the clock does not.
SteadyTime Flow::await_begin() const {
  const SteadyTime begin = begin_;
  SteadyTime now = std::chrono::steady_clock::now();
  if (begin - now > kEarly) return now;
  while (now < begin) now = std::chrono::steady_clock::now();
  return now;
}

void Flow::on_render(GstBuffer* buffer) {
  const SteadyTime now = first_seen_ ? std::chrono::steady_clock::now() : await_begin();
  on_first(now);
  if (!recording_) return;
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
  const std::int64_t frame = recording_->frame_of(now);
  if (next_frame_ < 0 || frame > next_frame_ + kGapFrames) next_frame_ = frame;
  recording_->add(next_frame_, {reinterpret_cast<const std::int16_t*>(map.data), map.size / 2});
  next_frame_ += static_cast<std::int64_t>(map.size / 2);
  gst_buffer_unmap(buffer, &map);
}

void Flow::on_level(const GstStructure* message) {
  guint64 duration = 0;
  // At the end of the stream `level` also reports an interval without samples, whose RMS is not a number.
  if (!gst_structure_get_uint64(message, "duration", &duration) || duration == 0) return;
  const double seconds = static_cast<double>(duration) / GST_SECOND;
  const std::lock_guard lock(level_mutex_);
  energy_ += std::pow(10.0, rms_db(message) / 10.0) * seconds;
  energy_seconds_ += seconds;
}

std::optional<double> Flow::level() const {
  const std::lock_guard lock(level_mutex_);
  if (energy_seconds_ <= 0) return {};
  return std::max(kFloorDb, 10.0 * std::log10(energy_ / energy_seconds_ + 1e-30));
}

}  // namespace loa::node
