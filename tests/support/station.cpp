#include "tests/support/station.hpp"

#include <fmt/format.h>
#include <gst/gst.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/support/temp_folder.hpp"

namespace loa::tests {
namespace {

bool load(const char* name) {
  GstPlugin* plugin = gst_plugin_load_file((std::string(LOA_GST_PLUGIN_DIR "/libgst") + name + ".so").c_str(), nullptr);
  if (plugin) gst_object_unref(plugin);
  return plugin != nullptr;
}

const char* chain_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::opus: return "opusenc bitrate=24000 ! oggmux";
    case Encoding::mp3: return "lamemp3enc target=bitrate bitrate=64 cbr=true ! mpegaudioparse";
    case Encoding::aac: return "voaacenc bitrate=48000 ! aacparse ! audio/mpeg,stream-format=adts";
    case Encoding::mpeg_ts: return "voaacenc bitrate=48000 ! aacparse ! mpegtsmux";
  }
  return "";
}

}  // namespace

bool make_sound(Encoding encoding, const std::filesystem::path& file, int ms, int hertz) {
  gst_init(nullptr, nullptr);
  for (const char* name : {"coreelements", "audiotestsrc", "audioconvert", "audioparsers", "ogg", "opus", "lame"}) load(name);
  const bool aac = encoding == Encoding::aac || encoding == Encoding::mpeg_ts;
  if (aac && (!load("voaacenc") || !load("mpegtsmux"))) return false;
  const std::string chain = fmt::format(
      "audiotestsrc wave={} freq={} volume=0.5 samplesperbuffer=480 num-buffers={} ! audio/x-raw,rate=48000,channels=1 ! audioconvert ! {} "
      "! filesink location=\"{}\"",
      hertz == 0 ? "silence" : "sine", hertz == 0 ? 440 : hertz, ms / 10, chain_of(encoding), file.string());
  GstElement* pipeline = gst_parse_launch(chain.c_str(), nullptr);
  if (!pipeline) throw std::runtime_error("no pipeline for " + chain);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message = gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool good = message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
  if (message) gst_message_unref(message);
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
  if (!good) throw std::runtime_error("cannot make " + file.string());
  return true;
}

Station::Station(int hertz) {
  TempFolder folder;
  for (auto* sound : {&sound_, &silence_}) {
    make_sound(Encoding::mp3, folder / "sound", kSeconds * 1000, sound == &sound_ ? hertz : 0);
    std::ifstream in(folder / "sound", std::ios::binary);
    sound->assign(std::istreambuf_iterator<char>(in), {});
  }
}

std::function<std::optional<std::string>()> Station::listen() {
  struct Listener {
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
    std::size_t sent = 0;
  };
  return [this, me = std::make_shared<Listener>()]() -> std::optional<std::string> {
    const Mood mood = mood_;
    if (mood == closes) return std::nullopt;
    const std::string& all = mood == silent ? silence_ : sound_;
    const auto rate = static_cast<double>(sound_.size()) / kSeconds;
    const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - me->since).count() + 2.0;
    const auto due = static_cast<std::size_t>(passed * rate);
    std::string some;
    for (; me->sent < due; ++me->sent)
      if (mood != stalls) some += all[me->sent % all.size()];
    return some;
  };
}

}  // namespace loa::tests
