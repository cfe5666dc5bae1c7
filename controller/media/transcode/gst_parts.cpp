#include "controller/media/transcode/gst_parts.hpp"

#include <cstdlib>
#include <stdexcept>

namespace loa::media {

namespace {

constexpr const char* kPlugins[] = {"coreelements",  "typefindfunctions",
                                    "app",           "audioconvert",
                                    "audioresample", "id3demux",
                                    "wavparse",      "audioparsers",
                                    "mpg123",        "isomp4",
                                    "faad",          "ogg",
                                    "vorbis",        "opus",
                                    "flac"};

}  // namespace

void load_gstreamer() {
  ::setenv("GST_REGISTRY_DISABLE", "yes", 1);
  ::setenv("GST_PLUGIN_SYSTEM_PATH_1_0", "", 1);
  ::setenv("GST_PLUGIN_PATH_1_0", "", 1);
  // The filter forbids memory that becomes code, so Orc uses the functions that its users were compiled with.
  ::setenv("ORC_CODE", "backup", 1);
  gst_registry_fork_set_enabled(FALSE);
  gst_init(nullptr, nullptr);
  g_random_int();  // GLib takes its seed from a file, which is not opened later
  for (const char* name : kPlugins) {
    const std::string file = std::string(LOA_GST_PLUGIN_DIR "/libgst") + name + ".so";
    GError* error = nullptr;
    GstPlugin* plugin = gst_plugin_load_file(file.c_str(), &error);
    if (!plugin) {
      const std::string why = error ? error->message : "unknown";
      g_clear_error(&error);
      throw std::runtime_error("GStreamer plugin " + std::string(name) + " cannot be loaded: " + why);
    }
    gst_object_unref(plugin);
  }
}

GstElement* Pipeline::add(const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  if (!element) throw std::runtime_error("GStreamer has no " + std::string(factory));
  return add(element);
}

GstElement* Pipeline::add(GstElement* element) {
  gst_bin_add(GST_BIN(pipeline_), element);
  return element;
}

void Pipeline::link(GstElement* from, GstElement* to) {
  if (!gst_element_link(from, to))
    throw std::runtime_error(std::string(GST_ELEMENT_NAME(from)) + " does not fit " + GST_ELEMENT_NAME(to));
}

std::string Pipeline::error(GstClockTime wait) {
  const std::unique_ptr<GstBus, Unref> bus(gst_element_get_bus(pipeline_));
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus.get(), wait,
      static_cast<GstMessageType>(GST_MESSAGE_ERROR | (wait ? GST_MESSAGE_EOS : GST_MESSAGE_ERROR)));
  if (!message) return wait ? "it neither ended nor failed in time" : "";
  std::string text;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    text = error->message;
    g_clear_error(&error);
  }
  gst_message_unref(message);
  return text;
}

}  // namespace loa::media
