#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "controller/media/clip_json.hpp"
#include "controller/media/transcode/gst_parts.hpp"
#include "controller/media/transcode/transcode.hpp"

namespace loa::media {

namespace {

void print(const boost::json::object& line) {
  std::fputs((boost::json::serialize(line) + "\n").c_str(), stdout);
  std::fflush(stdout);
}

int work(const TranscodeOptions& options, bool json) {
  load_gstreamer();
  const auto result = transcode(options, [json](int percent) {
    if (json) print({{"progress", percent}});
  });
  if (!result) {
    if (json) print({{"code", result.error().code}, {"message", result.error().message}});
    if (!json) std::fprintf(stderr, "%s: %s\n", result.error().code.c_str(), result.error().message.c_str());
    return 2;
  }
  if (json) print(to_json(*result));
  if (!json)
    std::printf("%s  %.3f s, %.1f LUFS, %.1f dBTP%s\n", result->sha256.c_str(),
                static_cast<double>(result->duration_ms) / 1000, result->lufs, result->true_peak_dbtp,
                result->limited_by_peak ? ", limited by peak" : "");
  return 0;
}

}  // namespace

}  // namespace loa::media

int main(int argc, char** argv) {
  CLI::App app{
      "Turns a sound file into a clip: mono Ogg/Opus, 24 kb/s, -16 LUFS, at most -1 dBTP, silence trimmed."};
  loa::media::TranscodeOptions options;
  bool json = false;
  app.add_option("--in", options.in, "WAV, MP3, M4A (AAC), Ogg Vorbis, Opus or FLAC")->required();
  app.add_option("--out", options.out, "the clip to write")->required();
  app.add_option("--max-bytes", options.max_input_bytes, "largest file that is taken");
  app.add_option("--max-seconds", options.max_seconds, "longest sound that is taken");
  app.add_flag("--json", json, "progress and result as JSON lines on standard output");
  CLI11_PARSE(app, argc, argv);
  int code = 3;
  try {
    code = loa::media::work(options, json);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "loa-transcode: %s\n", e.what());
  }
  // Plugins keep memory until the end: leaving at once is quicker than unloading them.
  std::fflush(stdout);
  std::_Exit(code);
}
