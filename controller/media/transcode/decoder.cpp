#include "controller/media/transcode/decoder.hpp"

#include <fmt/format.h>
#include <gst/app/gstappsink.h>

#include <cstring>
#include <vector>

#include "controller/media/transcode/fd_source.hpp"
#include "controller/media/transcode/gst_parts.hpp"

namespace loa::media {

namespace {

struct Chain {
  std::vector<const char*> demuxer;   ///< linked one after the other; the last has its pads later
  const char* caps_prefix = "";       ///< of the pad to take from the demuxer
  std::vector<const char*> decoders;  ///< parser and decoder
};

/// The allow-list: what decodes each kind of file.
Chain chain_for(const Inspection& kind) {
  const std::vector<const char*> no_demuxer;
  const std::vector<const char*> id3 = kind.has_id3 ? std::vector<const char*>{"id3demux"} : no_demuxer;
  switch (kind.container) {
    case Container::wav:
      return {{"wavparse"}, "audio/x-raw", {}};
    case Container::mp3:
      return {id3, "", {"mpegaudioparse", "mpg123audiodec"}};
    case Container::m4a:
      return {{"qtdemux"}, "audio/mpeg", {"aacparse", "faad"}};
    case Container::ogg_vorbis:
      return {{"oggdemux"}, "audio/x-vorbis", {"vorbisdec"}};
    case Container::ogg_opus:
      return {{"oggdemux"}, "audio/x-opus", {"opusdec"}};
    case Container::flac:
      return {id3, "", {"flacparse", "flacdec"}};
  }
  return {};
}

/// Where a demuxer's pad goes once it appears; only the first that fits is taken.
struct Target {
  std::string caps_prefix;
  GstElement* next = nullptr;
};

void on_pad(GstElement*, GstPad* pad, gpointer data) {
  const auto& target = *static_cast<Target*>(data);
  const std::unique_ptr<GstPad, Unref> sink(gst_element_get_static_pad(target.next, "sink"));
  if (gst_pad_is_linked(sink.get())) return;
  GstCaps* caps = gst_pad_get_current_caps(pad);
  if (!caps) caps = gst_pad_query_caps(pad, nullptr);
  const char* name = gst_caps_get_size(caps) ? gst_structure_get_name(gst_caps_get_structure(caps, 0)) : "";
  if (std::string_view(name).compare(0, target.caps_prefix.size(), target.caps_prefix) == 0)
    gst_pad_link(pad, sink.get());
  gst_caps_unref(caps);
}

void forget_target(gpointer data, GClosure*) { delete static_cast<Target*>(data); }

/// source ! demuxer ! parser ! decoder ! audioconvert ! audioresample ! appsink
GstAppSink* build(Pipeline& pipeline, int file, const Chain& chain) {
  GstElement* last = pipeline.add(new_fd_source(file));
  bool wait_for_pad = false;
  for (const char* factory : chain.demuxer) {
    GstElement* next = pipeline.add(factory);
    Pipeline::link(last, next);
    last = next;
    const std::unique_ptr<GstPad, Unref> source(gst_element_get_static_pad(next, "src"));
    wait_for_pad = !source;
  }
  auto rest = chain.decoders;
  for (const char* factory : {"audioconvert", "audioresample", "appsink"}) rest.push_back(factory);
  for (const char* factory : rest) {
    GstElement* next = pipeline.add(factory);
    if (wait_for_pad) {
      // Owned by the signal, since an abandoned pipeline outlives this call.
      g_signal_connect_data(last, "pad-added", G_CALLBACK(on_pad), new Target{chain.caps_prefix, next},
                            forget_target, GConnectFlags{});
      wait_for_pad = false;
    } else {
      Pipeline::link(last, next);
    }
    last = next;
  }
  GstCaps* caps = gst_caps_from_string("audio/x-raw,format=F32LE,layout=interleaved,rate=48000,channels=1");
  g_object_set(last, "caps", caps, "sync", FALSE, "max-buffers", 32U, nullptr);
  gst_caps_unref(caps);
  return GST_APP_SINK(last);
}

/// Hands one sample's floats on; false when the receiver wants no more.
bool hand_out(GstSample* sample, const OnBlock& on_block, std::int64_t& count) {
  GstMapInfo map;
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  if (!buffer || !gst_buffer_map(buffer, &map, GST_MAP_READ)) return true;
  const std::span<const float> floats(reinterpret_cast<const float*>(map.data), map.size / sizeof(float));
  count += static_cast<std::int64_t>(floats.size());
  const bool more = on_block(floats);
  gst_buffer_unmap(buffer, &map);
  return more;
}

}  // namespace

Result<std::int64_t> decode(int file, const Inspection& kind,
                            const OnBlock& on_block, std::chrono::milliseconds patience) {
  Pipeline pipeline;
  GstAppSink* sink = build(pipeline, file, chain_for(kind));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  std::int64_t count = 0;
  const auto failed = [&](const std::string& why) {
    return Problem{"decode_failed",
                   fmt::format("the {} sound cannot be decoded after {:.1f} s: {}", name_of(kind.container),
                               static_cast<double>(count) / kRate, why)};
  };
  // Short steps, because some faults come as a message only and some as nothing at all.
  constexpr auto kStep = std::chrono::milliseconds(100);
  auto silent_for = std::chrono::milliseconds(0);
  while (true) {
    GstSample* sample =
        gst_app_sink_try_pull_sample(sink, static_cast<GstClockTime>(kStep / std::chrono::nanoseconds(1)));
    if (sample) {
      silent_for = {};
      const bool more = hand_out(sample, on_block, count);
      gst_sample_unref(sample);
      if (!more) return count;
      continue;
    }
    if (const auto error = pipeline.error(); !error.empty()) return failed(error);
    if (gst_app_sink_is_eos(sink)) return count;
    silent_for += kStep;
    if (silent_for >= patience) {
      pipeline.abandon();
      return failed(fmt::format("no more sound came for {} s", static_cast<double>(patience.count()) / 1000));
    }
  }
}

}  // namespace loa::media
