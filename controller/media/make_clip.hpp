#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <variant>

#include "controller/media/clip_store.hpp"
#include "process/run.hpp"
#include "process/tally.hpp"
#include "tts-adapters/reading.hpp"

namespace loa::media {

/// Resident memory of loa-transcode; none is set where sanitizers keep their shadow memory in the child.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t kTranscoderMemory = 0;
#else
inline constexpr std::uint64_t kTranscoderMemory = 512ULL << 20;
#endif

/// What the child loa-transcode may use and take.
struct MediaSettings {
  std::filesystem::path transcoder;              ///< empty: loa-transcode beside the own executable
  std::uint64_t max_input_bytes = 200ULL << 20;  ///< of an upload; a larger file is `too_large`
  std::chrono::seconds max_duration{4 * 3600};   ///< of sound in the input; longer is `too_long`
  process::Limits limits{.wall = std::chrono::minutes(30),
                         .cpu = std::chrono::minutes(25),
                         .memory_bytes = kTranscoderMemory,
                         .file_bytes = 64ULL << 20,
                         .open_files = 64};
  std::shared_ptr<process::Tally> tally;  ///< counts how the children end; null: nobody does
};

/// An audio file as it was uploaded, at a path made by ClipStore::work_file(); it is removed when the work
/// ends.
struct Upload {
  std::filesystem::path file;
};

/// Text to speak: through reading(), then the named synthesizer of the registry ("espeak") and its voice
/// ("vi").
struct Speech {
  std::string text;
  std::string synthesizer = "espeak";
  std::string voice = "vi";
  double speed = 1.0;
  tts::ReadingOptions reading;
};

using Source = std::variant<Upload, Speech>;

/// Percent done, 0 to 100, never falling.
using OnPercent = std::function<void(int percent)>;

/// Makes one clip and puts it into the store; blocks until done (tens of seconds for a long file), so never
/// on the loop. `on_percent` is called on the calling thread. Whatever happens, nothing is left in `tmp/`.
Result<Clip> make_clip(const Source& source, ClipStore& store, const tts::Registry& synthesizers,
                       const MediaSettings& settings, const OnPercent& on_percent,
                       const std::stop_token& stop);

}  // namespace loa::media
