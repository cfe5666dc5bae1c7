#include "controller/media/transcode/encoder.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <system_error>

#include "controller/media/transcode/ogg_serial.hpp"

namespace loa::media {

namespace {

constexpr guint64 kQueueBytes = 1 << 20;
constexpr GstClockTime kFinish = 30 * GST_SECOND;

}  // namespace

Encoder::Encoder(int file) : file_(file) {
  if (::ftruncate(file, 0) != 0 || ::lseek(file, 0, SEEK_SET) != 0)
    throw std::system_error(errno, std::generic_category(), "the clip's file");
  GstElement* source = pipeline_.add("appsrc");
  GstElement* opus = pipeline_.add("opusenc");
  GstElement* ogg = pipeline_.add("oggmux");
  GstElement* sink = pipeline_.add("fdsink");
  GstCaps* caps = gst_caps_from_string("audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1");
  g_object_set(source, "caps", caps, "format", GST_FORMAT_TIME, "block", TRUE, "max-bytes", kQueueBytes,
               nullptr);
  gst_caps_unref(caps);
  gst_util_set_object_arg(G_OBJECT(opus), "audio-type", "voice");
  gst_util_set_object_arg(G_OBJECT(opus), "bitrate-type", "constrained-vbr");
  gst_util_set_object_arg(G_OBJECT(opus), "frame-size", "20");
  g_object_set(opus, "bitrate", 24'000, nullptr);
  g_object_set(sink, "fd", file, "sync", FALSE, nullptr);
  Pipeline::link(source, opus);
  Pipeline::link(opus, ogg);
  Pipeline::link(ogg, sink);
  source_ = GST_APP_SRC(source);
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

bool Encoder::write(std::span<const float> samples) {
  if (samples.empty()) return true;
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, samples.size() * sizeof(gint16), nullptr);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  std::transform(samples.begin(), samples.end(), reinterpret_cast<gint16*>(map.data), [](float x) {
    return static_cast<gint16>(std::lrintf(std::clamp(x, -1.0F, 1.0F) * 32767.0F));
  });
  gst_buffer_unmap(buffer, &map);
  const auto time = [](std::int64_t n) {
    return gst_util_uint64_scale(static_cast<guint64>(n), GST_SECOND, kRate);
  };
  GST_BUFFER_PTS(buffer) = time(written_);
  written_ += static_cast<std::int64_t>(samples.size());
  GST_BUFFER_DURATION(buffer) = time(written_) - GST_BUFFER_PTS(buffer);
  return gst_app_src_push_buffer(source_, buffer) == GST_FLOW_OK;
}

std::optional<Problem> Encoder::finish() {
  gst_app_src_end_of_stream(source_);
  const auto error = pipeline_.error(kFinish);
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  if (!error.empty()) return Problem{"decode_failed", "the clip cannot be written: " + error};
  set_ogg_serial(file_, kClipSerial);
  return {};
}

}  // namespace loa::media
