#include "node-firmware/stream_decoder.hpp"

#include "node-firmware/gst_plugins.hpp"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

namespace loa::node {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kBeforeDecoder = 64 * 1024;
constexpr auto kLook = 20ms;
constexpr auto kStopLimit = 30s;

// tools/sbom reads these lists.
constexpr const char* kEachPlugins[] = {"coreelements", "app", "audioconvert", "audioresample"};
constexpr const char* kOpusPlugins[] = {"ogg", "opus"};
constexpr const char* kMp3Plugins[] = {"audioparsers", "mpg123"};
constexpr const char* kAacPlugins[] = {"audioparsers", "faad"};
constexpr const char* kTsPlugins[] = {"mpegtsdemux", "audioparsers", "faad"};

struct Need {
  StreamFormat format;
  const char* chain;
  std::span<const char* const> plugins;
  const char* package;
};

const std::vector<Need>& needs() {
  static const std::vector<Need> all = {
      {StreamFormat::ogg_opus, "oggdemux ! opusdec", kOpusPlugins, "gstreamer1.0-plugins-base"},
      {StreamFormat::mp3, "mpegaudioparse ! mpg123audiodec", kMp3Plugins, "gstreamer1.0-plugins-good"},
      {StreamFormat::adts, "aacparse ! faad", kAacPlugins, "gstreamer1.0-plugins-bad"},
      {StreamFormat::mpeg_ts, "tsdemux ! aacparse ! faad", kTsPlugins, "gstreamer1.0-plugins-bad"},
  };
  return all;
}

const Need* need_of(StreamFormat format) {
  const auto found = std::find_if(needs().begin(), needs().end(), [format](const Need& need) { return need.format == format; });
  return found == needs().end() ? nullptr : &*found;
}

}  // namespace

std::string cannot_decode(StreamFormat format) {
  const Need* need = need_of(format);
  if (!need) return "it is neither Ogg/Opus, MP3, AAC nor HLS of these";
  try {
    for (const char* name : kEachPlugins) load_gst_plugins({name});
    for (const char* name : need->plugins) load_gst_plugins({name});
  } catch (const std::runtime_error& error) {
    return std::string(name_of(format)) + " needs Debian's " + need->package + ": " + error.what();
  }
  return {};
}

/// Shared with the pipeline's threads, so that it outlives a pipeline that hangs.
class StreamDecoder::Impl : public std::enable_shared_from_this<Impl> {
 public:
  explicit Impl(std::shared_ptr<StreamFeed> feed) : feed_(std::move(feed)) {}
  ~Impl() {
    if (pipeline_) gst_object_unref(pipeline_);
  }

  void start(const Need& need) {
    const std::string chain = std::string("appsrc name=bytes format=bytes is-live=false block=false ! ") + need.chain +
                              " ! audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved "
                              "! appsink name=samples sync=false max-buffers=4 enable-last-sample=false";
    GError* error = nullptr;
    pipeline_ = gst_parse_launch(chain.c_str(), &error);
    if (error) {
      const std::string why = error->message;
      g_clear_error(&error);
      throw std::runtime_error("cannot build the decoder's chain: " + why);
    }
    bytes_ = GST_APP_SRC(by_name("bytes"));
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = on_sample;
    callbacks.eos = on_eos;
    gst_app_sink_set_callbacks(GST_APP_SINK(by_name("samples")), &callbacks, hold(), let_go);
    GstBus* bus = gst_element_get_bus(pipeline_);
    gst_bus_set_sync_handler(bus, on_bus, hold(), let_go);
    gst_object_unref(bus);
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);  // a failure is on the bus
  }

  /// On a thread of its own, for it may hang. Then the pipeline lets go of this object, which keeps it.
  void end() {
    ended_ = true;
    gst_element_call_async(pipeline_, take_down, hold(), let_go);
  }

  bool push(std::string_view bytes, const std::function<bool()>& given_up) {
    const auto limit = std::chrono::steady_clock::now() + kStopLimit;
    while (gst_app_src_get_current_level_bytes(bytes_) >= kBeforeDecoder) {
      if (over() || given_up() || std::chrono::steady_clock::now() > limit) return false;
      std::this_thread::sleep_for(kLook);
    }
    if (over()) return false;
    return gst_app_src_push_buffer(bytes_, gst_buffer_new_memdup(bytes.data(), bytes.size())) == GST_FLOW_OK;
  }

  void finish(const std::function<bool()>& given_up) {
    gst_app_src_end_of_stream(bytes_);
    const auto limit = std::chrono::steady_clock::now() + StreamFeed::kMost + kStopLimit;
    while (!over() && !given_up() && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(kLook);
  }

  std::string failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  bool over() const { return eos_ || failed_ || feed_->closed(); }
  std::shared_ptr<Impl>* hold() { return new std::shared_ptr<Impl>(shared_from_this()); }
  static Impl& held(void* data) { return **static_cast<std::shared_ptr<Impl>*>(data); }
  static void let_go(void* data) { delete static_cast<std::shared_ptr<Impl>*>(data); }

  GstElement* by_name(const char* name) {
    GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline_), name);
    gst_object_unref(element);  // the pipeline keeps it
    return element;
  }

  static void take_down(GstElement* pipeline, void* data) {
    gst_element_set_state(pipeline, GST_STATE_NULL);
    GstAppSinkCallbacks none{};
    gst_app_sink_set_callbacks(GST_APP_SINK(held(data).by_name("samples")), &none, nullptr, nullptr);
    GstBus* bus = gst_element_get_bus(pipeline);
    gst_bus_set_sync_handler(bus, nullptr, nullptr, nullptr);
    gst_object_unref(bus);
  }

  static GstFlowReturn on_sample(GstAppSink* sink, void* data) {
    auto& impl = held(data);
    GstSample* sample = gst_app_sink_pull_sample(sink);
    if (!sample) return GST_FLOW_EOS;
    GstMapInfo map;
    bool wanted = !impl.ended_;
    if (GstBuffer* buffer = gst_sample_get_buffer(sample); wanted && gst_buffer_map(buffer, &map, GST_MAP_READ)) {
      wanted = impl.feed_->put({reinterpret_cast<const std::int16_t*>(map.data), map.size / 2});
      gst_buffer_unmap(buffer, &map);
    }
    gst_sample_unref(sample);
    return wanted ? GST_FLOW_OK : GST_FLOW_EOS;
  }

  static void on_eos(GstAppSink*, void* data) { held(data).eos_ = true; }

  static GstBusSyncReply on_bus(GstBus*, GstMessage* message, void* data) {
    auto& impl = held(data);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      GError* error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      const std::lock_guard lock(impl.mutex_);
      impl.failure_ = std::string(GST_MESSAGE_SRC_NAME(message)) + ": " + (error ? error->message : "unknown error");
      impl.failed_ = true;
      g_clear_error(&error);
    }
    gst_message_unref(message);
    return GST_BUS_DROP;
  }

  std::shared_ptr<StreamFeed> feed_;
  GstElement* pipeline_ = nullptr;
  GstAppSrc* bytes_ = nullptr;
  std::atomic<bool> eos_{false}, failed_{false}, ended_{false};
  mutable std::mutex mutex_;
  std::string failure_;
};

StreamDecoder::StreamDecoder(StreamFormat format, std::shared_ptr<StreamFeed> feed) : impl_(std::make_shared<Impl>(std::move(feed))) {
  if (const auto why = cannot_decode(format); !why.empty()) throw std::runtime_error(why);
  impl_->start(*need_of(format));
}

StreamDecoder::~StreamDecoder() { impl_->end(); }
bool StreamDecoder::push(std::string_view bytes, const std::function<bool()>& given_up) { return impl_->push(bytes, given_up); }
void StreamDecoder::finish(const std::function<bool()>& given_up) { impl_->finish(given_up); }
std::string StreamDecoder::failure() const {
  const auto said = impl_->failure();
  return said.empty() ? "it takes no more bytes" : said;
}

}  // namespace loa::node
