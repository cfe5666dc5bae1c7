#pragma once
#include <gst/gst.h>

#include <memory>
#include <string>

namespace loa::media {

/// Starts GStreamer without its registry and loads the named plugins alone, so that no other demuxer, decoder
/// or network source exists in this process. Throws std::runtime_error naming a plugin that is not installed.
/// Once a process.
void load_gstreamer();

struct Unref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};

/// A pipeline that is set to NULL when it goes.
class Pipeline {
 public:
  Pipeline() : pipeline_(gst_pipeline_new(nullptr)) {}
  ~Pipeline() {
    if (!pipeline_) return;
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(pipeline_);
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Adds a new element of that factory; throws std::runtime_error where there is none.
  GstElement* add(const char* factory);
  /// Adds an element that was just made, and returns it.
  GstElement* add(GstElement* element);
  /// Links two elements; throws std::runtime_error where they do not fit.
  static void link(GstElement* from, GstElement* to);
  /// The first error on the bus as a sentence; empty where there is none. Waits up to `wait` for one or for
  /// the end of stream.
  std::string error(GstClockTime wait = 0);
  /// Leaves a stuck pipeline to the end of the process: stopping it would wait for its threads.
  void abandon() { pipeline_ = nullptr; }
  GstElement* get() const { return pipeline_; }

 private:
  GstElement* pipeline_;
};

}  // namespace loa::media
