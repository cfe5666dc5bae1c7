#pragma once
#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "node-firmware/patient_thread.hpp"
#include "node-firmware/player_alsa.hpp"
#include "node-firmware/player_drift.hpp"
#include "node-firmware/player_flow.hpp"
#include "node-firmware/player_gst.hpp"
#include "node-firmware/player_stream.hpp"

namespace loa::node {

/// What a run makes of a note or of the time that passed.
enum class RunStep { none, prepared, finished, failed };

/// Pipelines that were given up and have not come to their end yet, by what they wait for.
struct Hung {
  std::atomic<int> on_device{0};
  std::atomic<int> on_file{0};  ///< or in a decoder
};

/// Throws std::runtime_error where an element of the chain to this sink is not installed.
void check_elements(SinkKind sink);

/// One pipeline playing one track once. Loop thread only.
class Run {
 public:
  /// `patient` outlives it: every call that may wait for a device is made there, or by a thread that nobody waits for.
  Run(const Track& track, const PlayerSettings& settings, std::shared_ptr<WavRecording> recording, DeviceRate rate, std::shared_ptr<Hung> hung,
      PatientThread& patient, FlowEvents events);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void start_at(SteadyTime due);
  /// Returns true where nothing sounded yet, so that it may be removed at once; else EOS follows.
  bool stop();
  void set_volume(int percent);
  RunStep take(const BusNote& note);
  /// Whether what should move has not moved for too long.
  RunStep watch(SteadyTime now);
  /// When device_first() is to be called next; nothing where it is not.
  std::optional<SteadyTime> measure_at(SteadyTime now) const;
  /// For ALSA, once: the first sample's time by the device's own delay, when it can be known; `last`: as well as it can be now.
  std::optional<SteadyTime> device_first(bool last);

  std::optional<SteadyTime> due() const { return due_; }
  /// The end that is to be reported, with the samples counted so far; `how` as `take` or `watch` found it.
  TrackEnded end(TrackEnd how) const;
  bool stopping() const { return stopping_; }

 private:
  enum class Phase { opening, seeking, ready, playing };
  RunStep fail(const char* reason, std::string detail);
  bool device_stands_still(SteadyTime now);
  RunStep prerolled();
  void play();
  bool move_to(SteadyTime due);
  bool seek();
  bool answers(std::function<void(GstElement*)> work);
  std::int64_t sounded() const;

  Track track_;
  const PlayerSettings& settings_;
  std::shared_ptr<Flow> flow_;
  std::shared_ptr<AlsaStart> alsa_;  ///< nothing where the sink is another
  std::shared_ptr<Hung> hung_;
  PatientThread& patient_;
  std::shared_ptr<std::atomic<bool>> ended_ = std::make_shared<std::atomic<bool>>(false);  ///< what opens it must not go on
  std::shared_ptr<StreamFiller> filler_;  ///< nothing where a file sounds
  GstElement* pipeline_ = nullptr;
  GstElement* volume_ = nullptr;
  GstElement* sink_ = nullptr;
  Phase phase_ = Phase::opening;
  std::optional<SteadyTime> due_;
  SteadyTime begin_;              ///< playing: `due_`, or when it was found to be past
  SteadyTime moved_;              ///< when it last got further
  std::int64_t passed_ = 0;       ///< samples at `moved_`
  bool stopping_ = false;
  bool stalled_ = false;          ///< it is to be given up
  TrackFault fault_ = TrackFault::clip;
  std::int64_t given_ = 0;        ///< frames that the device had taken at `took_`
  SteadyTime took_;               ///< when it last took some
  bool measured_ = false;
  std::string reason_, detail_;
};

}  // namespace loa::node
