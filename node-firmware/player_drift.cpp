#include "node-firmware/player_drift.hpp"

#include <algorithm>
#include <cmath>

namespace loa::node {
namespace {

constexpr double kRate = 48000;
/// Rates are whole numbers for the resampler: a unit of 0.2 ppm.
constexpr int kUnit = 4'800'000;
constexpr double kBetweenSteps = 1;  // s
/// What a device lost by standing still cannot be caught up at some hundred ppm. More than a reading may be behind, and less than ears forgive.
constexpr double kMostBehind = 0.15;  // s
/// Readings in a row: a single one is also behind where this thread was kept from running in its midst.
constexpr int kSureBehind = 3;

GstPadProbeReturn on_pad(GstPad* pad, GstPadProbeInfo* info, void* data) {
  return (*static_cast<std::shared_ptr<DriftResampler>*>(data))->on_data(pad, info);
}
void let_go(void* data) { delete static_cast<std::shared_ptr<DriftResampler>*>(data); }

GstAudioResampler* make_resampler() {
  GstStructure* options = gst_structure_new_empty("options");
  gst_audio_resampler_options_set_quality(GST_AUDIO_RESAMPLER_METHOD_KAISER, GST_AUDIO_RESAMPLER_QUALITY_DEFAULT, 48000, 48000, options);
  GstAudioResampler* resampler = gst_audio_resampler_new(GST_AUDIO_RESAMPLER_METHOD_KAISER, GST_AUDIO_RESAMPLER_FLAG_VARIABLE_RATE,
                                                         GST_AUDIO_FORMAT_S16, 1, kUnit, kUnit + 1, options);
  gst_structure_free(options);
  return resampler;
}

}  // namespace

DriftResampler::DriftResampler(std::shared_ptr<AlsaStart> device, DeviceRate rate)
    : device_(std::move(device)), rate_(std::move(rate)), control_(rate_->load()), resampler_(make_resampler()) {
  set(control_.learnt());
}

DriftResampler::~DriftResampler() { gst_audio_resampler_free(resampler_); }

void DriftResampler::join(const std::shared_ptr<DriftResampler>& drift, GstPad* pad) {
  const auto types = GstPadProbeType(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH);
  gst_pad_add_probe(pad, types, on_pad, new std::shared_ptr<DriftResampler>(drift), let_go);
}

void DriftResampler::set(double ppm) {
  int wanted = kUnit + static_cast<int>(std::lround(ppm * 1e-6 * kUnit));
  // At the very same rate the resampler works in another way, and clicks where it comes from one to the other.
  if (wanted == kUnit) ++wanted;
  if (wanted == given_rate_) return;
  given_rate_ = wanted;
  gst_audio_resampler_update(resampler_, kUnit, wanted, nullptr);
}

void DriftResampler::reset() {
  gst_audio_resampler_reset(resampler_);
  first_pts_ = GST_CLOCK_TIME_NONE;
  given_ = 0;
  taken_ = 0;
  last_step_ = -1;
}

GstPadProbeReturn DriftResampler::on_data(GstPad* pad, GstPadProbeInfo* info) {
  if (own_) return GST_PAD_PROBE_OK;
  if (!(GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)) return on_event(pad, info);
  if (!look_at_device()) {
    gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
    GST_PAD_PROBE_INFO_DATA(info) = nullptr;
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_ERROR;
    return GST_PAD_PROBE_HANDLED;
  }
  GST_PAD_PROBE_INFO_DATA(info) = resampled(GST_PAD_PROBE_INFO_BUFFER(info));
  return GST_PAD_PROBE_INFO_DATA(info) ? GST_PAD_PROBE_OK : GST_PAD_PROBE_HANDLED;
}

GstPadProbeReturn DriftResampler::on_event(GstPad* pad, GstPadProbeInfo* info) {
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_STOP: reset(); break;
    case GST_EVENT_SEGMENT: {
      // More frames than the clip has must not be cut off where the clip would have ended.
      GstSegment segment;
      gst_event_copy_segment(event, &segment);
      segment.stop = GST_CLOCK_TIME_NONE;
      GstEvent* open = gst_event_new_segment(&segment);
      gst_event_set_seqnum(open, gst_event_get_seqnum(event));
      gst_event_unref(event);
      GST_PAD_PROBE_INFO_DATA(info) = open;
      break;
    }
    case GST_EVENT_EOS: {
      // What the resampler still holds back for its filter.
      const std::size_t rest = gst_audio_resampler_get_max_latency(resampler_);
      GstBuffer* last = first_pts_ != GST_CLOCK_TIME_NONE ? made_of(nullptr, rest) : nullptr;
      if (!last) break;
      own_ = true;
      gst_pad_push(pad, last);
      own_ = false;
      break;
    }
    default: break;
  }
  return GST_PAD_PROBE_OK;
}

/// What becomes of these samples of the clip, null: of silence; null where it is nothing yet.
GstBuffer* DriftResampler::made_of(gpointer samples, std::size_t frames) {
  const std::size_t out_frames = gst_audio_resampler_get_out_frames(resampler_, frames);
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, out_frames * 2 + 2, nullptr);
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
    gpointer in[] = {samples};
    gpointer out[] = {map.data};
    gst_audio_resampler_resample(resampler_, samples ? in : nullptr, frames, out, out_frames);
    gst_buffer_unmap(buffer, &map);
  }
  gst_buffer_set_size(buffer, static_cast<gssize>(out_frames * 2));
  if (out_frames == 0) {
    gst_buffer_unref(buffer);
    return nullptr;
  }
  const auto time = [this](std::int64_t frame) {
    return first_pts_ + gst_util_uint64_scale_int(static_cast<guint64>(frame), GST_SECOND, static_cast<int>(kRate));
  };
  GST_BUFFER_PTS(buffer) = time(given_);
  given_ += static_cast<std::int64_t>(out_frames);
  GST_BUFFER_DURATION(buffer) = time(given_) - GST_BUFFER_PTS(buffer);
  taken_ += static_cast<double>(out_frames) * kUnit / given_rate_;
  return buffer;
}

GstBuffer* DriftResampler::resampled(GstBuffer* clip) {
  if (first_pts_ == GST_CLOCK_TIME_NONE) first_pts_ = GST_BUFFER_PTS(clip);
  const bool jumps = given_ == 0 && GST_BUFFER_FLAG_IS_SET(clip, GST_BUFFER_FLAG_DISCONT);
  GstMapInfo map;
  GstBuffer* buffer = nullptr;
  if (gst_buffer_map(clip, &map, GST_MAP_READ)) {
    buffer = made_of(map.data, map.size / 2);
    gst_buffer_unmap(clip, &map);
  }
  gst_buffer_unref(clip);
  if (buffer && jumps) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  return buffer;
}

/// False where the device is too far behind to be waited for.
bool DriftResampler::look_at_device() {
  const auto progress = device_->progress();
  if (!progress) return true;
  // Of the frames given these have not been heard yet; that they were made at other rates than the present one is less than a frame.
  const double waiting = static_cast<double>(given_) / kRate - progress->heard;
  const double ahead = taken_ / kRate - waiting - progress->passed;
  behind_ = ahead < -kMostBehind ? behind_ + 1 : 0;
  if (behind_ >= kSureBehind) {
    device_->fall_behind(-ahead);
    return false;
  }
  // A reading may be behind by a step of the device's pointer, none is ahead.
  if (last_step_ < 0) {
    last_step_ = progress->passed;
    most_ahead_ = ahead;
    return true;
  }
  most_ahead_ = std::max(most_ahead_, ahead);
  const double passed = progress->passed - last_step_;
  if (passed < kBetweenSteps) return true;
  set(control_.step(most_ahead_, std::min(passed, 5.0)));
  rate_->store(control_.learnt());
  last_step_ = progress->passed;
  most_ahead_ = -1e9;
  return true;
}

}  // namespace loa::node
