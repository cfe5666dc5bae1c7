#pragma once
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "node-firmware/stream_echo.hpp"
#include "node-firmware/stream_watch.hpp"

namespace loa::node {

/// The samples of one stream (S16, mono, 48 kHz) between its decoder and who hears it, and what they tell of the stream's health.
/// Sound is taken at the pace of time, by a player or, while none plays, by pass(): so the stream's edge goes on, and a server that sends
/// faster than sound goes is held back; but what it sends first of what is past already, up to two minutes, is thrown away. Nothing is given out before `hold` of it is there, nor after a hole before a second of it. Where
/// nothing is there silence is, faded in and out over 5 ms. Full at 24 s: the oldest goes, later the decoder waits. Threads as said.
class StreamFeed {
 public:
  static constexpr int kPerMs = 48;
  static constexpr Millis kMost{24'000};
  static constexpr Millis kHold{3'000};
  static constexpr Millis kMostPast{120'000};

  explicit StreamFeed(WatchTimes times = {});

  /// Decoder's thread: adds samples; waits while there is no room. False: closed.
  bool put(std::span<const std::int16_t> samples);
  /// Decoder's thread: what follows is of another connection, which may begin with what is past.
  void fresh();
  /// Decoder's thread: how much is to be there before anything is given out.
  void hold(Millis length);
  /// Any thread: what waits in put() ends; what is taken from now on is silence.
  void close();
  bool closed() const;

  /// A player's thread: the next samples, at most 20 ms.
  void take(std::span<std::int16_t> samples);
  /// Loop: a player takes from now on, from what is `hold` behind the newest, or, told once for each, no longer.
  void play(bool plays);
  /// Loop: a stretch went by in which nobody played. Nothing while a player takes.
  void pass(Millis length);

  /// Any thread: what take() and pass() take from now on, for a second output.
  std::shared_ptr<StreamEcho> echo();

  /// Any thread.
  StreamHealth health() const;
  /// Any thread: samples since play(true) that a player got without there being sound: holes, and the silence for which the stream was given up.
  std::int64_t unheard() const;
  /// Any thread: samples put since the beginning.
  std::int64_t arrived() const;

 private:
  void take_locked(std::span<std::int16_t> samples);
  void give_out(std::span<std::int16_t> samples);
  void judge(Heard heard, std::size_t samples);
  void drop(std::size_t samples);

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::vector<std::int16_t> ring_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  std::size_t past_;       ///< so much may be thrown away yet
  std::size_t hold_;
  std::size_t needed_;     ///< while filling: so much is to be there
  bool filling_ = true;
  int players_ = 0;
  bool closed_ = false;
  std::int64_t unheard_ = 0;
  std::int64_t arrived_ = 0;
  std::int64_t odd_ = 0;   ///< samples not yet told to the watch, which counts milliseconds
  StreamWatch watch_;
  std::shared_ptr<StreamEcho> echo_;  ///< once it was asked for
};

}  // namespace loa::node
