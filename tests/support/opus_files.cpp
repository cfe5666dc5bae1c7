#include "tests/support/opus_files.hpp"

#include <fmt/format.h>
#include <gst/gst.h>

#include <stdexcept>

namespace loa::tests {

void make_opus(const std::filesystem::path& file, int ms, int hertz, int bitrate) {
  gst_init(nullptr, nullptr);
  // A player that was there first has only loaded what it needs itself.
  if (GstPlugin* plugin = gst_plugin_load_file(LOA_GST_PLUGIN_DIR "/libgstaudiotestsrc.so", nullptr)) gst_object_unref(plugin);
  const std::string chain = fmt::format(
      "audiotestsrc wave=sine freq={} volume=0.5 samplesperbuffer=480 num-buffers={} ! audio/x-raw,rate=48000,channels=1 "
      "! opusenc bitrate={} ! oggmux ! filesink location=\"{}\"",
      hertz, ms / 10, bitrate, file.string());
  GstElement* pipeline = gst_parse_launch(chain.c_str(), nullptr);
  if (!pipeline) throw std::runtime_error("no pipeline for " + chain);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message =
      gst_bus_timed_pop_filtered(bus, 600 * GST_SECOND, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool good = message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
  if (message) gst_message_unref(message);
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
  if (!good) throw std::runtime_error("cannot make " + file.string());
}

}  // namespace loa::tests
