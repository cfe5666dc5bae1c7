#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "controller/media/clip_json.hpp"
#include "controller/media/transcode/gst_parts.hpp"
#include "controller/media/transcode/transcode.hpp"
#include "process/confine.hpp"
#include "process/fd.hpp"

namespace loa::media {

namespace {

void print(const boost::json::object& line) {
  std::fputs((boost::json::serialize(line) + "\n").c_str(), stdout);
  std::fflush(stdout);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// The sanitizers' own threads and reports need what the filter takes away.
constexpr bool kCanConfine = false;
#else
constexpr bool kCanConfine = true;
#endif

struct Given {
  std::string in, out;
  bool json = false;
  bool unconfined = false;
};

int work(TranscodeOptions options, const Given& given) {
  const bool json = given.json;
  load_gstreamer();
  // A pipe is opened without waiting for its other end; it is refused afterwards.
  const process::Fd in(::open(given.in.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const process::Fd out(::open(given.out.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!out.open()) throw std::runtime_error("cannot write " + given.out + ": " + std::strerror(errno));
  options.in = in.get();
  options.out = out.get();
  // Everything that comes from outside is read after this line.
  if (kCanConfine && !given.unconfined) process::confine_self();
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
  loa::media::Given given;
  app.add_option("--in", given.in, "WAV, MP3, M4A (AAC), Ogg Vorbis, Opus or FLAC")->required();
  app.add_option("--out", given.out, "the clip to write; empty where none can be made")->required();
  app.add_option("--max-bytes", options.max_input_bytes, "largest file that is taken");
  app.add_option("--max-seconds", options.max_seconds, "longest sound that is taken");
  app.add_flag("--json", given.json, "progress and result as JSON lines on standard output");
  app.add_flag("--unconfined", given.unconfined, "without its system-call filter, to measure what that costs");
  CLI11_PARSE(app, argc, argv);
  int code = 3;
  try {
    code = loa::media::work(options, given);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "loa-transcode: %s\n", e.what());
  }
  // Plugins keep memory until the end: leaving at once is quicker than unloading them.
  std::fflush(stdout);
  std::_Exit(code);
}
