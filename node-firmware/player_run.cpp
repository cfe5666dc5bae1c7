#include "node-firmware/player_run.hpp"

#include <algorithm>
#include <stdexcept>

namespace loa::node {
namespace {

constexpr const char* kFile =
    "filesrc name=file ! oggdemux ! opusdec ! audioconvert ! audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved ! ";
constexpr const char* kLoudness = "volume name=volume ! level name=level interval=100000000 ! ";
constexpr const char* kTimedSink = "fakesink name=sink sync=true async=true signal-handoffs=true enable-last-sample=false";
/// A short buffer keeps stop() quick; the device must take part of the load of a slow board, so not shorter.
/// `slave-method=none`: the samples come at the device's own pace already (player_drift.hpp), the sink must not correct it once more.
constexpr const char* kAlsaSink =
    "identity name=drift ! audioconvert ! audioresample name=last ! alsasink name=sink provide-clock=false slave-method=none "
    "buffer-time=100000 latency-time=10000 enable-last-sample=false";

using FlowPtr = std::shared_ptr<Flow>;

/// Every callback holds on to the flow, for a pipeline that hangs may outlive its run.
FlowPtr* hold(const FlowPtr& flow) { return new FlowPtr(flow); }
Flow& held(void* data) { return **static_cast<FlowPtr*>(data); }
void let_go(void* data) { delete static_cast<FlowPtr*>(data); }
void let_go_closure(void* data, GClosure*) { let_go(data); }

GstPadProbeReturn on_pad(GstPad*, GstPadProbeInfo* info, void* data) { return held(data).on_data(info); }
void on_handoff(GstElement*, GstBuffer* buffer, GstPad*, void* data) { held(data).on_render(buffer); }

std::string error_text(GstMessage* message) {
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  const std::string text = std::string(GST_MESSAGE_SRC_NAME(message)) + ": " + (error ? error->message : "unknown error");
  g_clear_error(&error);
  g_free(debug);
  return text;
}

bool thread_begins(GstMessage* message) {
  GstStreamStatusType type = GST_STREAM_STATUS_TYPE_CREATE;
  gst_message_parse_stream_status(message, &type, nullptr);
  return type == GST_STREAM_STATUS_TYPE_ENTER;
}

TrackFault fault_of(GstMessage* message) {
  GstObject* source = GST_MESSAGE_SRC(message);
  if (!source || !GST_IS_ELEMENT(source) || GST_IS_BIN(source)) return TrackFault::clip;
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  const bool of_sink = GST_OBJECT_FLAG_IS_SET(source, GST_ELEMENT_FLAG_SINK);
  auto fault = of_sink ? TrackFault::device : TrackFault::clip;
  if (of_sink && g_error_matches(error, GST_RESOURCE_ERROR, AlsaStart::kBehind)) fault = TrackFault::behind;
  if (g_strcmp0(GST_OBJECT_NAME(source), "file") == 0 && error && error->domain == GST_RESOURCE_ERROR) fault = TrackFault::file;
  g_clear_error(&error);
  return fault;
}

GstBusSyncReply on_bus(GstBus*, GstMessage* message, void* data) {
  Flow& flow = held(data);
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ASYNC_DONE: flow.on_note({BusNote::async_done, {}}); break;
    case GST_MESSAGE_EOS: flow.on_note({BusNote::eos, {}}); break;
    case GST_MESSAGE_ERROR: flow.on_note({BusNote::error, error_text(message), fault_of(message)}); break;
    case GST_MESSAGE_STREAM_STATUS:
      if (thread_begins(message)) flow.hasten_this_thread();
      break;
    case GST_MESSAGE_ELEMENT:
      if (gst_message_has_name(message, "level")) flow.on_level(gst_message_get_structure(message));
      break;
    default: break;
  }
  gst_message_unref(message);
  return GST_BUS_DROP;
}

GstElement* by_name(GstElement* bin, const char* name) {
  GstElement* element = gst_bin_get_by_name(GST_BIN(bin), name);
  gst_object_unref(element);  // the bin keeps it as long as we keep the bin
  return element;
}

GstPad* source_pad(GstElement* bin, const char* name) {
  GstPad* pad = gst_element_get_static_pad(by_name(bin, name), "src");
  gst_object_unref(pad);  // the element keeps it
  return pad;
}

GstElement* make_chain(const char* source, SinkKind sink) {
  GError* error = nullptr;
  const std::string text = std::string(source) + kLoudness + (sink == SinkKind::alsa ? kAlsaSink : kTimedSink);
  GstElement* pipeline = gst_parse_launch(text.c_str(), &error);
  if (!error) return pipeline;
  const std::string why = error->message;
  g_clear_error(&error);
  if (pipeline) gst_object_unref(pipeline);
  throw std::runtime_error("cannot build the player's chain: " + why);
}

constexpr std::chrono::milliseconds kTooLateToMove{2};
/// A device takes 10 ms at a time, a mixer 21, and while the node has nothing for it silence instead.
constexpr std::chrono::milliseconds kDeviceStill{400};

SteadyTime now_steady() { return std::chrono::steady_clock::now(); }

using Ended = std::shared_ptr<std::atomic<bool>>;
/// Nobody waits for this, so the end may come before it, or in its midst.
void open_pipeline(GstElement* pipeline, void* ended) {
  const auto& over = **static_cast<Ended*>(ended);
  if (!over) gst_element_set_state(pipeline, GST_STATE_PAUSED);  // a failure is on the bus
  if (over) gst_element_set_state(pipeline, GST_STATE_NULL);
}
void let_go_of_end(void* ended) { delete static_cast<Ended*>(ended); }

/// One pipeline that was given up, counted as long as it has not come to its end.
struct GivenUp {
  GivenUp(std::shared_ptr<Hung> all, TrackFault fault) : hung(std::move(all)), of(fault == TrackFault::device ? hung->on_device : hung->on_file) { ++of; }
  ~GivenUp() { --of; }
  std::shared_ptr<Hung> hung;
  std::atomic<int>& of;
};
void end_pipeline(GstElement* pipeline, void*) { gst_element_set_state(pipeline, GST_STATE_NULL); }
void let_go_of_count(void* given_up) { delete static_cast<GivenUp*>(given_up); }

}  // namespace

void check_elements(SinkKind sink) {
  for (const char* source : {kFile, StreamFiller::kElement}) gst_object_unref(make_chain(source, sink));
}

Run::Run(const Track& track, const PlayerSettings& settings, std::shared_ptr<WavRecording> recording, DeviceRate rate,
         std::shared_ptr<Hung> hung, PatientThread& patient, FlowEvents events)
    : track_(track), settings_(settings), hung_(std::move(hung)), patient_(patient), moved_(now_steady()) {
  flow_ = std::make_shared<Flow>(track.length.count() * Flow::kPerMs, std::move(recording), std::move(events));
  pipeline_ = make_chain(track.stream ? StreamFiller::kElement : kFile, settings.sink);
  volume_ = by_name(pipeline_, "volume");
  sink_ = by_name(pipeline_, "sink");
  if (track.stream) {
    filler_ = std::make_shared<StreamFiller>(track.stream, track.echo);
    StreamFiller::join(filler_, by_name(pipeline_, "stream"));
  } else {
    g_object_set(by_name(pipeline_, "file"), "location", track.file.c_str(), nullptr);
  }
  if (settings.sink == SinkKind::alsa) {
    g_object_set(sink_, "device", settings.device.c_str(), nullptr);
    alsa_ = std::make_shared<AlsaStart>(sink_);
    AlsaStart::join(alsa_, source_pad(pipeline_, "last"));
    DriftResampler::join(std::make_shared<DriftResampler>(alsa_, std::move(rate)), source_pad(pipeline_, "drift"));
  } else {
    g_signal_connect_data(sink_, "handoff", G_CALLBACK(on_handoff), hold(flow_), let_go_closure, GConnectFlags{});
  }
  set_volume(track.volume);

  gst_pad_add_probe(source_pad(pipeline_, "level"), GstPadProbeType(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_FLUSH), on_pad,
                    hold(flow_), let_go);
  GstBus* bus = gst_element_get_bus(pipeline_);
  gst_bus_set_sync_handler(bus, on_bus, hold(flow_), let_go);
  gst_object_unref(bus);
  GstClock* clock = gst_system_clock_obtain();
  gst_pipeline_use_clock(GST_PIPELINE(pipeline_), clock);
  gst_object_unref(clock);
  gst_element_call_async(pipeline_, open_pipeline, new Ended(ended_), let_go_of_end);
}

Run::~Run() {
  *ended_ = true;
  flow_->close();
  if (alsa_) alsa_->close();
  if (filler_) filler_->end();
  // A pipeline that hangs may not let go of its threads: another thread waits for it, the loop does not.
  if (!answers([](GstElement* pipeline) { gst_element_set_state(pipeline, GST_STATE_NULL); })) {
    flow_->slow_down();
    gst_element_call_async(pipeline_, end_pipeline, std::make_unique<GivenUp>(hung_, fault_).release(), let_go_of_count);
  }
  gst_object_unref(pipeline_);
}

/// False: the pipeline is stuck in this or an earlier call, and whatever else is asked of it would be too.
bool Run::answers(std::function<void(GstElement*)> work) {
  if (stalled_) return false;
  const std::shared_ptr<GstElement> pipeline(GST_ELEMENT(gst_object_ref(pipeline_)), gst_object_unref);
  stalled_ = !patient_.run([pipeline, work = std::move(work)] { work(pipeline.get()); });
  if (stalled_) fault_ = TrackFault::device;
  return !stalled_;
}

void Run::set_volume(int percent) {
  g_object_set(volume_, "volume", std::clamp(percent, 0, 100) / 100.0, nullptr);
}

void Run::start_at(SteadyTime due) {
  if (phase_ == Phase::playing && !move_to(due)) return;
  due_ = due;
  if (phase_ == Phase::ready) play();
}

/// Another due time for what was told to begin, while nothing of it has sounded. False: too late.
bool Run::move_to(SteadyTime due) {
  const auto now = now_steady();
  if (now + kTooLateToMove >= begin_) return false;
  const auto starts = begin_ - (alsa_ ? alsa_->lead() : std::chrono::nanoseconds(0));
  if (alsa_ && now + kTooLateToMove >= starts) {  // the device runs
    const auto begin = std::max(due, now);
    if (!alsa_->move_to(begin)) return false;
    begin_ = moved_ = begin;
    return true;
  }
  // The sink gives up its wait and prerolls once more, with the same samples.
  const auto change = std::make_shared<GstStateChangeReturn>(GST_STATE_CHANGE_ASYNC);
  if (!answers([change](GstElement* pipeline) { *change = gst_element_set_state(pipeline, GST_STATE_PAUSED); })) return false;
  if (*change != GST_STATE_CHANGE_ASYNC) {
    phase_ = Phase::ready;
    return true;
  }
  // What ALSA's sink waits with has its place by the old time already: it must come anew.
  if (alsa_ && !seek()) return false;
  phase_ = Phase::seeking;
  moved_ = now;
  return true;
}

bool Run::seek() {
  const auto flags = GstSeekFlags(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE);
  const auto done = std::make_shared<bool>(false);
  const auto offset = track_.offset.count() * GST_MSECOND;
  return answers([done, flags, offset](GstElement* pipeline) { *done = gst_element_seek_simple(pipeline, GST_FORMAT_TIME, flags, offset); }) && *done;
}

void Run::play() {
  phase_ = Phase::playing;
  if (filler_) filler_->begin();
  const std::chrono::nanoseconds lead = alsa_ ? alsa_->lead() : Flow::kEarly;
  begin_ = std::max(*due_, now_steady() + (alsa_ ? lead : std::chrono::nanoseconds(0)));
  if (alsa_) alsa_->begin_at(begin_);
  else flow_->begin_at(begin_);
  moved_ = begin_;
  passed_ = flow_->passed();
  gst_element_set_start_time(pipeline_, GST_CLOCK_TIME_NONE);
  gst_element_set_base_time(pipeline_, static_cast<GstClockTime>((begin_ - lead).time_since_epoch().count()));
  answers([](GstElement* pipeline) { gst_element_set_state(pipeline, GST_STATE_PLAYING); });
}

bool Run::stop() {
  stopping_ = true;
  if (phase_ != Phase::playing || now_steady() < begin_) return true;
  flow_->cut();
  return false;
}

RunStep Run::take(const BusNote& note) {
  switch (note.kind) {
    case BusNote::error:
      fault_ = note.fault;
      return fail(fault_ == TrackFault::file ? "disk" : fault_ == TrackFault::behind ? "stalled" : "player_error", note.detail);
    case BusNote::async_done: return phase_ == Phase::opening || phase_ == Phase::seeking ? prerolled() : RunStep::none;
    case BusNote::eos:
      if (flow_->passed() == 0 && track_.offset.count() == 0) return fail("player_error", "no sound in the file");
      return RunStep::finished;
  }
  return RunStep::none;
}

RunStep Run::prerolled() {
  moved_ = now_steady();
  if (phase_ == Phase::opening && track_.offset.count() > 0) {
    phase_ = Phase::seeking;
    return seek() || stalled_ ? RunStep::none : fail("player_error", "cannot seek in the file");
  }
  phase_ = Phase::ready;
  if (due_) play();
  return RunStep::prepared;
}

RunStep Run::watch(SteadyTime now) {
  if (stalled_) return fail("stalled", "the device does not answer");
  if (phase_ == Phase::ready) return RunStep::none;
  if (phase_ == Phase::playing && flow_->passed() != passed_) {
    passed_ = flow_->passed();
    moved_ = std::max(moved_, now);
  }
  const auto limit = phase_ == Phase::playing ? settings_.stall_limit : settings_.preroll_limit;
  if (device_stands_still(now)) {
    stalled_ = true;
    fault_ = TrackFault::device;
    return fail("stalled", "the device stands still");
  }
  if (now - moved_ <= limit) return RunStep::none;
  stalled_ = true;
  return fail("stalled", phase_ == Phase::playing ? "no new samples" : "no preroll");
}

/// What is not heard in its time must not be heard later: so this is found out long before the rest of the pipeline stands.
bool Run::device_stands_still(SteadyTime now) {
  if (!alsa_ || phase_ != Phase::playing || now < begin_) return false;
  const auto given = alsa_->given();
  if (given != given_ || took_ < begin_) {
    given_ = given;
    took_ = now;
  }
  return now - took_ > kDeviceStill;
}

std::optional<SteadyTime> Run::measure_at(SteadyTime now) const {
  if (!alsa_ || measured_ || phase_ != Phase::playing) return {};
  return std::max(begin_, now + std::chrono::milliseconds(2));
}

std::optional<SteadyTime> Run::device_first(bool last) {
  if (!alsa_ || measured_ || phase_ != Phase::playing || now_steady() < begin_) return {};
  const auto at = std::make_shared<std::optional<SteadyTime>>();
  if (!answers([at, alsa = alsa_, last](GstElement*) { *at = alsa->first_heard(last); })) return {};
  measured_ = at->has_value();
  return *at;
}

RunStep Run::fail(const char* reason, std::string detail) {
  reason_ = reason;
  detail_ = std::move(detail);
  return RunStep::failed;
}

std::int64_t Run::sounded() const {
  if (phase_ != Phase::playing) return 0;
  // A buffer passes up to 20 ms before it sounds; when all goes well the sink has drained, and time is not less than samples.
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now_steady() - begin_).count();
  return std::clamp<std::int64_t>(since * Flow::kRate / 1'000'000, 0, flow_->passed());
}

TrackEnded Run::end(TrackEnd how) const {
  std::int64_t samples = how == TrackEnd::failed ? sounded() : flow_->passed();
  // What lies in the device when it fails is never heard.
  if (how == TrackEnd::failed && alsa_) samples = std::min(samples, static_cast<std::int64_t>(alsa_->heard() * Flow::kRate));
  if (filler_) samples = std::max<std::int64_t>(samples - filler_->unheard(), 0);
  TrackEnded ended{track_.id, how, reason_, detail_, Millis{0}, {}, fault_};
  if (phase_ != Phase::playing || (stopping_ && how == TrackEnd::stopped && now_steady() < begin_)) return ended;
  ended.heard = Millis{(samples + Flow::kPerMs / 2) / Flow::kPerMs};
  if (samples > 0) ended.level_dbfs = flow_->level();
  return ended;
}

}  // namespace loa::node
