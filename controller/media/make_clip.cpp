#include "controller/media/make_clip.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "controller/media/clip_json.hpp"

namespace loa::media {

namespace fs = std::filesystem;

namespace {

/// Removes a file when the work ends, however it ends.
class Scratch {
 public:
  explicit Scratch(fs::path file) : file_(std::move(file)) {}
  ~Scratch() {
    std::error_code ignored;
    fs::remove(file_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& file() const { return file_; }

 private:
  fs::path file_;
};

constexpr int kSpeechPercent = 20;  // speaking is about a fifth of the work

class Maker {
 public:
  Maker(ClipStore& store, const tts::Registry& synthesizers, const MediaSettings& settings,
        const OnPercent& on_percent, const std::stop_token& stop)
      : store_(store),
        synthesizers_(synthesizers),
        settings_(settings),
        on_percent_(on_percent),
        stop_(stop) {}

  Result<Clip> from(const Upload& upload) {
    const Scratch source(upload.file);
    return transcode(source.file(), 0);
  }

  Result<Clip> from(const Speech& speech) {
    const auto* synthesizer = synthesizers_.find(speech.synthesizer);
    if (!synthesizer)
      return Problem{"unknown_synthesizer", "there is no synthesizer named " + speech.synthesizer};
    auto words = tts::reading(speech.text, speech.reading);
    if (!words) return problem_of(words.error());
    const Scratch wav(store_.work_file(".wav"));
    const auto spoken = synthesizer->synthesize({*words, speech.voice, speech.speed}, wav.file(), stop_);
    if (!spoken) return problem_of(spoken.error());
    tell(kSpeechPercent);
    return transcode(wav.file(), kSpeechPercent);
  }

 private:
  static Problem problem_of(const tts::Problem& problem) { return {problem.code, problem.message}; }

  void tell(int percent) {
    if (percent > told_ && on_percent_) on_percent_(percent);
    told_ = std::max(told_, percent);
  }

  Result<Clip> transcode(const fs::path& source, int begin) {
    const Scratch out(store_.work_file(".opus"));
    process::Command command;
    command.argv = {transcoder().string(),
                    "--json",
                    "--in=" + source.string(),
                    "--out=" + out.file().string(),
                    fmt::format("--max-bytes={}", settings_.max_input_bytes),
                    fmt::format("--max-seconds={}", settings_.max_duration.count())};
    auto limits = settings_.limits;
    limits.stdout_bytes = 64 << 10;
    boost::json::object last;
    const auto outcome =
        process::run(command, limits, stop_, [&](std::string_view line) { take_line(line, begin, last); });
    if (settings_.tally) settings_.tally->count(outcome);
    auto answer = judge(outcome, last);
    if (!answer) return answer;
    return keep(std::move(*answer), out.file());
  }

  void take_line(std::string_view line, int begin, boost::json::object& last) {
    boost::system::error_code error;
    const auto value = boost::json::parse({line.data(), line.size()}, error);
    if (error || !value.is_object()) return;
    if (const auto* percent = value.as_object().if_contains("progress"); percent && percent->is_int64()) {
      // 100 is said when the clip lies in the store.
      const auto part = static_cast<int>(std::clamp<std::int64_t>(percent->as_int64(), 0, 99));
      tell(begin + part * (100 - begin) / 100);
    } else {
      last = value.as_object();
    }
  }

  static Result<Clip> judge(const process::Outcome& outcome, const boost::json::object& last) {
    using process::End;
    switch (outcome.end) {
      case End::cancelled:
        return Problem{"cancelled", "the work was cancelled"};
      case End::not_started:
        return Problem{"transcoder_missing", outcome.message};
      case End::exited:
        break;
      case End::confined:
        return Problem{"confined", "the file makes the decoder do what no sound needs: " + outcome.message};
      case End::signalled:
        return Problem{"decode_failed", "the file makes the decoder fail: " + outcome.message};
      default:
        return Problem{"out_of_limits", "the file takes more than it may: " + outcome.message};
    }
    if (last.empty())
      return Problem{"decode_failed",
                     fmt::format("{} without an answer: {}", outcome.message, outcome.err.substr(0, 300))};
    return clip_from_json(last);
  }

  Result<Clip> keep(Clip clip, const fs::path& file) {
    try {
      if (store_.take(file) != clip.sha256)
        return Problem{"storage_failed", "the clip on disk is not the one that was made"};
    } catch (const std::system_error& e) {
      return Problem{"storage_failed", e.what()};
    }
    tell(100);
    return clip;
  }

  fs::path transcoder() const {
    return settings_.transcoder.empty() ? fs::read_symlink("/proc/self/exe").parent_path() / "loa-transcode"
                                        : settings_.transcoder;
  }

  ClipStore& store_;
  const tts::Registry& synthesizers_;
  const MediaSettings& settings_;
  const OnPercent& on_percent_;
  const std::stop_token& stop_;
  int told_ = -1;
};

}  // namespace

Result<Clip> make_clip(const Source& source, ClipStore& store, const tts::Registry& synthesizers,
                       const MediaSettings& settings, const OnPercent& on_percent,
                       const std::stop_token& stop) {
  Maker maker(store, synthesizers, settings, on_percent, stop);
  return std::visit([&](const auto& one) { return maker.from(one); }, source);
}

}  // namespace loa::media
