#pragma once
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace loa::tests {

/// What stations send.
enum class Encoding { opus, mp3, aac, mpeg_ts };

/// Writes `ms` of a sine, or of silence where `hertz` is 0, in this encoding, as GStreamer makes it. False: this machine has no encoder for it.
/// Throws std::runtime_error where GStreamer fails.
bool make_sound(Encoding encoding, const std::filesystem::path& file, int ms, int hertz);

/// A radio station of MP3: every listener gets the same sound over and over, two seconds ahead and then at the pace of time.
class Station {
 public:
  enum Mood {
    sounds,
    silent,   ///< goes on sending, but nothing to hear
    stalls,   ///< sends nothing, and keeps the connection
    closes    ///< ends every connection
  };
  explicit Station(int hertz = 440);
  /// Any thread.
  void set(Mood mood) { mood_ = mood; }
  /// The body for one listener, as ServerAnswer::more wants it.
  std::function<std::optional<std::string>()> listen();

 private:
  static constexpr int kSeconds = 10;
  std::string sound_, silence_;
  std::atomic<Mood> mood_{sounds};
};

}  // namespace loa::tests
