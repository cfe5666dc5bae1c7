#include "node-firmware/level_meter_gst.hpp"

#include <gst/gst.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "node-firmware/gst_plugins.hpp"

namespace loa::node {
namespace {

constexpr const char* kChain =
    "alsasrc name=source provide-clock=false ! level name=level interval=100000000 ! fakesink sync=false async=false enable-last-sample=false";

double power_of(const GValue& db) { return std::pow(10.0, g_value_get_double(&db) / 10.0); }

/// Power of the loudest channel of a message of `level`.
double power_in(const GstStructure* message) {
  double most = 0;
  const GValue* value = gst_structure_get_value(message, "rms");
  // `level` fills this deprecated type until GStreamer 2.
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  const auto* list = value ? static_cast<const GValueArray*>(g_value_get_boxed(value)) : nullptr;
  for (guint i = 0; list && i < list->n_values; ++i) most = std::max(most, power_of(list->values[i]));
  G_GNUC_END_IGNORE_DEPRECATIONS
  return most;
}

/// What the pipeline's threads tell the loop; a pipeline that ends late may outlive the meter.
struct Told {
  std::mutex mutex;
  edge::HeardTotal total;
  std::string trouble;
};
using ToldPtr = std::shared_ptr<Told>;

void take(Told& told, GstMessage* message) {
  const std::lock_guard lock(told.mutex);
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    if (told.trouble.empty()) told.trouble = error ? error->message : "unknown error";  // one fault gives several messages
    g_clear_error(&error);
  } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT && gst_message_has_name(message, "level")) {
    const GstStructure* said = gst_message_get_structure(message);
    guint64 duration = 0;
    if (!gst_structure_get_uint64(said, "duration", &duration) || duration == 0) return;
    const double seconds = static_cast<double>(duration) / GST_SECOND;
    told.total.energy += power_in(said) * seconds;
    told.total.seconds += seconds;
  }
}

GstBusSyncReply on_bus(GstBus*, GstMessage* message, void* data) {
  take(**static_cast<ToldPtr*>(data), message);
  gst_message_unref(message);
  return GST_BUS_DROP;
}

void let_go(void* data) { delete static_cast<ToldPtr*>(data); }

// A device may take its time to open and to close: threads of GStreamer's wait for it, the loop does not. They keep no order among
// themselves, so who begins looks whether the end was asked for meanwhile.
using Closed = std::shared_ptr<std::atomic<bool>>;
void let_go_closed(void* data) { delete static_cast<Closed*>(data); }
void begin(GstElement* pipeline, void* data) {
  const auto& closed = **static_cast<Closed*>(data);
  if (!closed) gst_element_set_state(pipeline, GST_STATE_PLAYING);
  if (closed) gst_element_set_state(pipeline, GST_STATE_NULL);
}
void end(GstElement* pipeline, void*) { gst_element_set_state(pipeline, GST_STATE_NULL); }

class GstLevelMeter final : public edge::LevelMeter {
 public:
  explicit GstLevelMeter(const std::string& device) : device_(device) {
    load_gst_plugins({"coreelements", "level", "alsa"});
    gst_object_unref(make());
  }
  ~GstLevelMeter() override { listen(false); }

  void listen(bool on) override {
    if (on == (pipeline_ != nullptr) && (!on || trouble().empty())) return;
    if (pipeline_) {
      *closed_ = true;
      gst_element_call_async(pipeline_, end, nullptr, nullptr);
      gst_object_unref(std::exchange(pipeline_, nullptr));
    }
    if (!on) return;
    {
      const std::lock_guard lock(told_->mutex);
      told_->trouble.clear();
    }
    pipeline_ = make();
    closed_ = std::make_shared<std::atomic<bool>>(false);
    gst_element_call_async(pipeline_, begin, new Closed(closed_), let_go_closed);
  }

  edge::HeardTotal total() const override {
    const std::lock_guard lock(told_->mutex);
    return told_->total;
  }
  std::string trouble() const override {
    const std::lock_guard lock(told_->mutex);
    return told_->trouble;
  }

 private:
  GstElement* make() const {
    GError* error = nullptr;
    GstElement* pipeline = gst_parse_launch(kChain, &error);
    if (error) {
      const std::string why = error->message;
      g_clear_error(&error);
      if (pipeline) gst_object_unref(pipeline);
      throw std::runtime_error("cannot build the level meter's chain: " + why);
    }
    GstElement* source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    g_object_set(source, "device", device_.c_str(), nullptr);
    gst_object_unref(source);
    GstBus* bus = gst_element_get_bus(pipeline);
    gst_bus_set_sync_handler(bus, on_bus, new ToldPtr(told_), let_go);
    gst_object_unref(bus);
    return pipeline;
  }

  std::string device_;
  ToldPtr told_ = std::make_shared<Told>();
  GstElement* pipeline_ = nullptr;
  Closed closed_;  ///< of the present pipeline
};

}  // namespace

std::unique_ptr<edge::LevelMeter> make_gst_level_meter(const std::string& device) { return std::make_unique<GstLevelMeter>(device); }

}  // namespace loa::node
