#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "protocol/clock.hpp"
#include "scheduler/time.hpp"

namespace loa::node {

using scheduler::Millis;

/// A moment on the monotonic clock (CLOCK_MONOTONIC), which is also the clock that every pipeline runs on.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// Names one run of one clip; the caller counts upward and never uses a number twice.
using TrackId = std::uint64_t;

class StreamFeed;

/// One thing to sound once: a clip, a verified Ogg/Opus file on disk, or a stream from where it is by then.
struct Track {
  TrackId id = 0;
  std::filesystem::path file;          ///< clip
  Millis offset{0};    ///< where in the clip to begin; exact to the sample
  Millis length{0};    ///< sounds at most this long, cut with a short fade; 0: to the clip's end
  int volume = 100;    ///< percent of full amplitude, 0..100; 0 is mute: it runs, counts, and is silent
  std::shared_ptr<StreamFeed> stream = {};  ///< stream: its samples; `offset` is 0 then
  bool echo = false;   ///< stream: what others took of it, a second later: a stream has one player that takes
};

/// The first sample of a track at the sink.
struct TrackStarted {
  TrackId track = 0;
  SteadyTime at;             ///< when it was rendered
  std::int64_t error_us = 0; ///< at − due; positive is late
};

enum class TrackEnd {
  finished,  ///< the clip's end, or `length`, was heard
  stopped,   ///< by stop()
  failed     ///< `reason` says why
};

/// What failed, which says when another try is worth it.
enum class TrackFault {
  clip,    ///< its bytes, or nobody knows: the next try would end the same way
  file,    ///< the disk did not give its bytes: both may be well in a moment
  device,  ///< the sound device failed or stood still: it needs a rest
  behind   ///< the device goes on later than what it was given is due: only a new track is on time again
};

/// The one end of a track; nothing about the track is reported after it.
struct TrackEnded {
  TrackId track = 0;
  TrackEnd how = TrackEnd::failed;
  std::string reason;                ///< failed: `player_error` (GStreamer said so), `disk` (its file could not be read) or `stalled` (it neither played nor failed); else empty
  std::string detail;                ///< GStreamer's own words, for the log only
  Millis heard{0};                   ///< sound that left the sink, from samples, without the offset: go on at offset + heard; failed: by the device's own word
  std::optional<double> level_dbfs;  ///< RMS over what sounded, after volume, not below -120; nothing where nothing sounded
  TrackFault fault = TrackFault::clip;  ///< failed: what did
};

/// What a player reports, each on the loop, never from inside a call of Player.
struct PlayerEvents {
  std::function<void(TrackId)> prepared;            ///< prerolled: start_at takes effect to the sample
  std::function<void(const TrackStarted&)> started;
  std::function<void(const TrackEnded&)> ended;
};

/// Makes sound from clips. All calls and reports on the loop; no call waits for media. Tracks are independent and may
/// overlap (they mix), so an interruption is start_at(urgent, now) beside stop(current), and going on afterwards is a new
/// track of the same clip with offset = offset + heard, prepared while the urgent one still sounds.
class Player {
 public:
  virtual ~Player() = default;
  /// Opens and prerolls; `prepared` or `ended` (failed) follows within the preroll limit.
  virtual void prepare(const Track& track) = 0;
  /// Lets the sample at the track's offset reach the sink at `due`, as soon as the sink can where that is past. Before `prepared` it is
  /// remembered; told again before the first sample (of ALSA: before it is written to the device, 0.12 s before it sounds) the later word
  /// counts. An unknown track is ignored: its end is already on the way.
  virtual void start_at(TrackId track, SteadyTime due) = 0;
  /// Ends a track with a fade of 5 ms; `ended` follows once what is in the sink has been heard. Ignored when unknown.
  virtual void stop(TrackId track) = 0;
  /// Percent 0..100, also in mid-play. Ignored when the track is unknown.
  virtual void set_volume(TrackId track, int percent) = 0;
};

/// The monotonic time at which `clock` will show `due`. The clock has milliseconds: waits for its next edge, 1 ms, or a few where
/// something came between, so that the answer is exact to some µs.
SteadyTime steady_of(const protocol::Clock& clock, scheduler::TimePoint due);

}  // namespace loa::node
