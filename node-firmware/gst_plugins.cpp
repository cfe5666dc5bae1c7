#include "node-firmware/gst_plugins.hpp"

#include <gst/gst.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace loa::node {
namespace {

std::string taken(GError* error) {
  const std::string why = error ? error->message : "unknown error";
  g_clear_error(&error);
  return why;
}

void start() {
  if (gst_is_initialized()) return;
  ::setenv("GST_REGISTRY_DISABLE", "yes", 1);
  ::setenv("GST_PLUGIN_SYSTEM_PATH_1_0", "", 1);
  ::setenv("GST_PLUGIN_PATH_1_0", "", 1);
  GError* error = nullptr;
  if (!gst_init_check(nullptr, nullptr, &error)) throw std::runtime_error("GStreamer does not start: " + taken(error));
}

}  // namespace

void load_gst_plugins(std::initializer_list<const char*> names) {
  start();
  for (const char* name : names) {
    GError* error = nullptr;
    const std::string file = std::string(LOA_GST_PLUGIN_DIR "/libgst") + name + ".so";
    GstPlugin* plugin = gst_plugin_load_file(file.c_str(), &error);
    if (!plugin) throw std::runtime_error(std::string("GStreamer plugin ") + name + " cannot be loaded: " + taken(error));
    gst_object_unref(plugin);
  }
}

}  // namespace loa::node
