#pragma once
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>

#include "node-firmware/player.hpp"

namespace loa::node {

/// One growing WAV (48 kHz, mono, 16 bit) whose position is time: frame n is n/48000 s after `opened`, whatever was silent
/// in between (holes in the file), and sounds that overlap are added. Its header is right after every write, so a killed
/// process leaves a file that can be read; opened again, the recording goes on at its old time, or begins anew where it has no
/// sample. `{file}.json` holds the clock time of frame 0 (`opened`, `opened_us` since 1970) and of the first sample (`first_sample`,
/// `first_frame`), by the clock as it was when the first sample came: a board may learn the time only after it opened the file.
/// Any thread. Past 2 GB (6 hours) nothing more is kept.
class WavRecording {
 public:
  static constexpr int kRate = 48000;

  /// Throws std::runtime_error where the file cannot be made. `clock` lives longer.
  WavRecording(std::filesystem::path file, const protocol::Clock& clock);
  ~WavRecording();
  WavRecording(const WavRecording&) = delete;
  WavRecording& operator=(const WavRecording&) = delete;

  /// The frame that `moment` falls on.
  std::int64_t frame_of(SteadyTime moment) const;
  /// Adds `samples` from `frame` on; what lies before frame 0 is left out.
  void add(std::int64_t frame, std::span<const std::int16_t> samples);

 private:
  bool reopen();
  void begin();
  void write_header();
  void write_sidecar() const;

  std::filesystem::path file_;
  const protocol::Clock& clock_;
  int fd_ = -1;
  std::int64_t opened_us_ = 0;  ///< UTC µs of frame 0
  SteadyTime opened_;           ///< the same on the monotonic clock
  std::int64_t frames_ = 0;
  std::optional<std::int64_t> first_frame_;
  std::mutex mutex_;
};

}  // namespace loa::node
