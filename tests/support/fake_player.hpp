#pragma once
#include <map>
#include <stdexcept>
#include <vector>

#include "node-firmware/player.hpp"

namespace loa::tests {

/// A player that only remembers what it was told; the test says what happens to each track.
class FakePlayer final : public node::Player {
 public:
  struct Told {
    node::Track track;
    std::optional<node::SteadyTime> due;
    bool stopped = false;
  };
  explicit FakePlayer(node::PlayerEvents to = {}) : events(std::move(to)) {}

  void prepare(const node::Track& track) override { tracks[track.id] = Told{track, {}, false}; order.push_back(track.id); }
  void start_at(node::TrackId track, node::SteadyTime due) override {
    if (auto found = tracks.find(track); found != tracks.end()) found->second.due = due;
  }
  void stop(node::TrackId track) override {
    if (auto found = tracks.find(track); found != tracks.end()) found->second.stopped = true;
  }
  void set_volume(node::TrackId track, int percent) override {
    if (auto found = tracks.find(track); found != tracks.end()) found->second.track.volume = percent;
  }

  /// The track that was prepared last.
  Told& last() {
    if (order.empty()) throw std::logic_error("nothing was prepared");
    return tracks.at(order.back());
  }
  void prepared(node::TrackId track) { events.prepared(track); }
  void started(node::TrackId track, std::int64_t error_us = 0) {
    const auto due = tracks.at(track).due.value();
    sounded.push_back(tracks.at(track).track);
    events.started({track, due + std::chrono::microseconds(error_us), error_us});
  }
  void finished(node::TrackId track, node::Millis heard) {
    end({track, node::TrackEnd::finished, "", "", heard, -20.0});
  }
  void was_stopped(node::TrackId track, node::Millis heard) {
    end({track, node::TrackEnd::stopped, "", "", heard, -20.0});
  }
  void failed(node::TrackId track, const std::string& reason, node::Millis heard) {
    end({track, node::TrackEnd::failed, reason, "", heard, {}});
  }

  void failed(node::TrackId track, node::TrackFault fault, node::Millis heard) {
    const char* reason = fault == node::TrackFault::file ? "disk" : fault == node::TrackFault::behind ? "stalled" : "player_error";
    end({track, node::TrackEnd::failed, reason, "", heard, {}, fault});
  }

  node::PlayerEvents events;
  std::map<node::TrackId, Told> tracks;  ///< those that have not ended
  std::vector<node::Track> sounded;      ///< every track that began to sound
  std::vector<node::TrackId> order;      ///< every prepare(), oldest first

 private:
  void end(const node::TrackEnded& ended) {
    tracks.erase(ended.track);
    events.ended(ended);
  }
};

}  // namespace loa::tests
