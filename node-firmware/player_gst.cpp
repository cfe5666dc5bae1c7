#include "node-firmware/player_gst.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <vector>

#include "node-firmware/gst_plugins.hpp"
#include "node-firmware/player_run.hpp"
#include "node-firmware/stream_decoder.hpp"

#if defined(__SANITIZE_ADDRESS__)
/// GLib gives up its first table of names on purpose when the table grows.
extern "C" const char* __lsan_default_suppressions() { return "leak:libglib-2.0.so\n"; }
#endif

namespace loa::node {
namespace {

namespace asio = boost::asio;

/// A device that stands still for good takes a pipeline with each try; one that is well when it is opened anew is so by then.
constexpr int kMostHung = 4;

/// For a call that may wait for a device: a loaded board takes some hundredths of a second for one, and the loop stands as long.
constexpr std::chrono::milliseconds kPatience{1000};

class GstPlayer final : public Player {
 public:
  GstPlayer(asio::any_io_executor executor, const protocol::Clock& clock, PlayerSettings settings, PlayerEvents events)
      : executor_(executor), settings_(std::move(settings)), events_(std::move(events)), timer_(executor) {
    load_gst_plugins({"coreelements", "app", "ogg", "opus", "audioconvert", "volume", "level"});
    if (settings_.sink == SinkKind::alsa) load_gst_plugins({"audioresample", "alsa"});
    check_elements(settings_.sink);
    if (settings_.sink == SinkKind::wav) recording_ = std::make_shared<WavRecording>(settings_.wav, clock);
  }

  void prepare(const Track& track) override {
    const std::weak_ptr<int> alive = alive_;
    const TrackId id = track.id;
    auto note = [this, alive, id, executor = executor_](BusNote said) {
      asio::post(executor, [this, alive, id, said = std::move(said)] {
        if (!alive.expired()) on_note(id, said);
      });
    };
    auto first = [this, alive, id, executor = executor_](SteadyTime at) {
      asio::post(executor, [this, alive, id, at] {
        if (!alive.expired()) on_first(id, at);
      });
    };
    FlowEvents tell{std::move(note), std::move(first)};
    if (hung_->on_device >= kMostHung) return refuse(id, "the device still stands", TrackFault::device);
    if (!track.stream && hung_->on_file >= kMostHung) return refuse(id, "too many files are still being read", TrackFault::file);
    runs_[id] = std::make_unique<Run>(track, settings_, recording_, rate_, hung_, patient_, std::move(tell));
    if (runs_.size() == 1) watch();
  }

  void start_at(TrackId track, SteadyTime due) override {
    Run* run = find(track);
    if (!run) return;
    run->start_at(due);
    watch();
  }

  void stop(TrackId track) override {
    Run* run = find(track);
    if (!run || !run->stop()) return;
    const std::weak_ptr<int> alive = alive_;
    asio::post(executor_, [this, alive, track] {
      if (!alive.expired()) finish(track, TrackEnd::stopped);
    });
  }

  void set_volume(TrackId track, int percent) override {
    if (Run* run = find(track)) run->set_volume(percent);
  }

 private:
  Run* find(TrackId track) {
    const auto found = runs_.find(track);
    return found == runs_.end() ? nullptr : found->second.get();
  }

  void refuse(TrackId id, const char* why, TrackFault fault) {
    asio::post(executor_, [this, id, why, fault, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) events_.ended({id, TrackEnd::failed, "stalled", why, Millis{0}, {}, fault});
    });
  }

  void on_note(TrackId id, const BusNote& note) {
    if (Run* run = find(id)) act(id, *run, run->take(note));
  }

  void on_first(TrackId id, SteadyTime at) {
    const Run* run = find(id);
    if (!run || !run->due()) return;
    events_.started({id, at, std::chrono::duration_cast<std::chrono::microseconds>(at - *run->due()).count()});
  }

  void act(TrackId id, Run& run, RunStep step) {
    switch (step) {
      case RunStep::none: return;
      case RunStep::prepared:
        watch();  // it may have a due time already
        events_.prepared(id);
        return;
      case RunStep::finished: finish(id, run.stopping() ? TrackEnd::stopped : TrackEnd::finished); return;
      case RunStep::failed: finish(id, TrackEnd::failed); return;
    }
  }

  /// The first end wins: the run is gone before it is reported, and later notes find nothing.
  void finish(TrackId id, TrackEnd how) {
    const auto found = runs_.find(id);
    if (found == runs_.end()) return;
    if (const auto at = found->second->device_first(true)) on_first(id, *at);
    const TrackEnded ended = found->second->end(how);
    runs_.erase(found);
    events_.ended(ended);
  }

  void watch() {
    const SteadyTime now = std::chrono::steady_clock::now();
    SteadyTime next = now + std::min({settings_.preroll_limit, settings_.stall_limit, std::chrono::milliseconds(1000)}) / 4;
    for (const auto& [id, run] : runs_) next = std::min(next, run->measure_at(now).value_or(next));
    timer_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(next));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      const SteadyTime later = std::chrono::steady_clock::now();
      std::vector<TrackId> ids;
      for (const auto& [id, run] : runs_) ids.push_back(id);
      for (const TrackId id : ids) {
        Run* run = find(id);
        if (!run) continue;
        if (const auto at = run->device_first(false)) on_first(id, *at);
        // A report may have been answered by a stop.
        if (run = find(id); run) act(id, *run, run->watch(later));
      }
      if (!runs_.empty()) watch();
    });
  }

  asio::any_io_executor executor_;
  PlayerSettings settings_;
  PlayerEvents events_;
  asio::steady_timer timer_;
  std::shared_ptr<WavRecording> recording_;
  DeviceRate rate_ = std::make_shared<std::atomic<double>>(0.0);
  std::shared_ptr<Hung> hung_ = std::make_shared<Hung>();
  PatientThread patient_{kPatience};
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::map<TrackId, std::unique_ptr<Run>> runs_;
};

}  // namespace

std::unique_ptr<Player> make_gst_player(asio::any_io_executor executor, const protocol::Clock& clock,
                                        PlayerSettings settings, PlayerEvents events) {
  return std::make_unique<GstPlayer>(std::move(executor), clock, std::move(settings), std::move(events));
}

}  // namespace loa::node
