#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "node-firmware/player.hpp"

namespace loa::node {

/// Makes a player that reports to these events on this executor.
using MakePlayer = std::function<std::unique_ptr<Player>(boost::asio::any_io_executor, PlayerEvents)>;

/// A second output that sounds what a main one was told, by a player of its own: it is told the same, and has its own device, its own start and its own
/// drift correction. What fails here is logged, tried again each two seconds at the place where the sound then is, and told to nobody. Where the main
/// device fails, its tracks go on here for kAlone, and as long as the main one is tried again with the same sound. One thread.
class SecondOutput {
 public:
  static constexpr std::chrono::seconds kTryAgain{2};
  static constexpr std::chrono::seconds kAlone{3};

  SecondOutput(boost::asio::any_io_executor executor, const MakePlayer& make);

  // As the main player is told.
  void prepare(const Track& track);
  /// `asked`: when the main player was told; this one may have been held up since. Nothing: just now.
  void start_at(TrackId track, SteadyTime due, std::optional<SteadyTime> asked = {});
  void stop(TrackId track);
  void set_volume(TrackId track, int percent);
  /// What it was told may be past: everything ends.
  void stop_all();
  /// The main player's track has ended so.
  void main_ended(const TrackEnded& ended);

 private:
  struct Voice {
    Track track;                        ///< as the main player was told
    std::optional<SteadyTime> due;
    TrackId run = 0;                    ///< of our player; 0: nothing sounds
    Millis shift{0};                    ///< so much of the track was over before the run
    bool began = false;                 ///< it was once told to sound
    bool over = false;                  ///< no run follows
    std::optional<SteadyTime> until;    ///< the main track has ended: then this does
    SteadyTime again{};                 ///< no run begins before
  };
  Voice* find(TrackId track);
  void begin(Voice& voice);
  bool adopt(TrackId track, Voice& voice);
  void on_ended(const TrackEnded& ended);
  void look();
  void look_later();

  boost::asio::steady_timer timer_;
  bool looking_ = false;
  std::map<TrackId, Voice> voices_;
  TrackId last_run_ = 0;
  std::string trouble_;                 ///< as it was logged
  std::unique_ptr<Player> player_;
};

}  // namespace loa::node
