#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node-firmware/clip_shelf.hpp"
#include "node-firmware/edge/sound_gate.hpp"
#include "node-firmware/history_store.hpp"
#include "node-firmware/node_clock.hpp"
#include "node-firmware/player.hpp"
#include "node-firmware/record_keeper.hpp"
#include "node-firmware/stream_hub.hpp"
#include "scheduler/playhead.hpp"

namespace loa::node {

/// Whether both are the same item in the same place of the same occurrence.
bool same_item(const scheduler::Sounding& a, const scheduler::Sounding& b);

/// What sounds now, for the node's state.
struct NowSounding {
  std::string occurrence_id;
  scheduler::Class cls = scheduler::Class::normal;
  int volume = 0;
};

/// Turns what the playhead says into sound and each occurrence's one record. It owns neither plan's nor alerts' truth: the
/// agent hands both in after they were verified. Loop thread. What sounds does not wait for the disk.
class Conductor {
 public:
  struct Parts {
    Player& player;
    ClipShelf& shelf;
    NodeClock& clock;
    HistoryStore& history;
    RecordKeeper& records;
    edge::SoundGate* gate = nullptr;  ///< told of sound before the player is
    Streams* streams = nullptr;  ///< null: no stream is ever playable
  };
  /// `changed` is called when the player reported something: run() should follow. Never from inside a call.
  Conductor(Parts parts, std::function<void()> changed);

  /// The plan kept from an earlier run.
  void set_plan(scheduler::Plan plan);
  /// No plan any more; what began of it ends cancelled, with `reason`.
  void drop_plan(const std::string& reason);
  /// A newer plan in place of the one in force: what it dropped ends cancelled, what it renews goes on unheard.
  void take_plan(scheduler::Plan next);
  const scheduler::Plan* plan() const { return plan_ ? &*plan_ : nullptr; }
  /// What holds of the wanted settings as long as there is no plan; until then nothing is muted and alerts are as loud as can be.
  void set_wishes(scheduler::WantedSettings wishes) { without_plan_.settings = std::move(wishes); }

  /// What sounded before this run is forgotten (the history's file was lost): what of plan and alerts is due by the time that this is first
  /// known ends as skipped, history_lost, and nothing sounds a second time. Call before the first run().
  void history_lost() { history_lost_ = true; }

  /// Every alert that is known and may sound, of all areas.
  void set_alerts(std::vector<scheduler::Alert> alerts) { alerts_ = std::move(alerts); }
  /// Ends what sounds or waits of these alerts as cancelled, with `reason`; call before they leave set_alerts.
  void cancel_alerts(const std::vector<scheduler::Alert>& alerts, const std::string& reason);

  /// Ends one occurrence, or what sounds now where `occurrence_id` is empty, as cancelled: stopped. False: nothing to stop.
  bool stop(const std::string& occurrence_id);

  /// Sounds `test`, of which no plan knows, as an occurrence among the others; the caller has looked that nothing sounds. Its record begins now.
  void test(scheduler::Occurrence test);
  /// What sounds and what comes next, as of the last run().
  const edge::SoundOutlook& outlook() const { return outlook_; }

  /// Does what is due now; the answer is when to call again at the latest.
  Monotonic run();
  /// Whether an alert is about to be heard: what can wait shall not hold up the loop. Ends with its first sample, or soon.
  bool hurries() const;
  /// Keeps how far everything came, silences the player, writes no record: the next run of the program goes on.
  void pause_for_exit();

  std::optional<NowSounding> sounding() const;
  std::optional<double> last_level() const { return last_level_; }
  const scheduler::WantedSettings* settings() const { return &(plan_ ? *plan_ : without_plan_).settings; }

  void on_started(const TrackStarted& started);
  void on_ended(const TrackEnded& ended);

 private:
  struct Voice {
    scheduler::Sounding what;
    SteadyTime due;
    bool armed = false;
    std::optional<SteadyTime> first_sample;
    Millis occurrence_offset{0};     ///< where in the occurrence this track begins
    std::int64_t credited_ms = 0;    ///< of its sound already in the draft
  };
  struct Closing {
    scheduler::Ended ended;
    Monotonic deadline{};            ///< then the record is written with what is known
  };

  // What sounds (conductor.cpp).
  scheduler::Decision decide(scheduler::TimePoint now);
  bool is_of_alert(const std::string& occurrence_id) const;
  void refresh_playable();
  void skip_forgotten(scheduler::TimePoint now);
  void refresh_streams(scheduler::TimePoint now);
  bool is_playable_stream(const std::string& url, const std::vector<StreamAddress>& wanted) const;
  bool keeps_place(const std::string& url, scheduler::TimePoint now) const;
  void note_lost_stream(const scheduler::Sounding& what);
  bool keep_places(const scheduler::Decision& decision, scheduler::TimePoint now);
  const scheduler::Occurrence* planned(const std::string& occurrence_id) const;
  std::string lost_reason(const std::string& url) const;
  void steer(const std::optional<scheduler::Sounding>& sounding, scheduler::TimePoint now);
  void begin(const scheduler::Sounding& sounding, scheduler::TimePoint now);
  void release_current();
  void preroll(const std::optional<scheduler::Sounding>& next, scheduler::TimePoint now);
  void arm(TrackId track, Monotonic due);
  void drop_prerolled();
  void look_ahead(const scheduler::Decision& decision);
  TrackId prepare(const scheduler::Sounding& what, Millis offset);
  Monotonic next_wake(const scheduler::Decision& decision) const;

  // What a clock that is set means (conductor_clock.cpp).
  void follow_clock(scheduler::TimePoint now);
  void guess_from_now_on();
  void apply(const scheduler::Decision& decision, scheduler::TimePoint now);
  void shift_voices(Millis step);

  // What is recorded (conductor_records.cpp).
  void cancel(const std::string& occurrence_id, const std::string& alert_id, const std::string& reason);
  void close(const scheduler::Ended& ended);
  void finish(const scheduler::Ended& ended);
  void finish_overdue();
  std::string fault_of(const scheduler::Ended& ended) const;
  scheduler::PlayRecord& draft(const scheduler::Sounding& what);
  void credit(Voice& voice, std::int64_t heard_ms, std::optional<double> level);
  void credit_running();
  void measure(const Voice& voice, const TrackEnded& ended);
  void rest(const std::string& key, const TrackEnded& ended);
  bool rests(const scheduler::Sounding& what) const;
  bool has_voice(const std::string& occurrence_id) const;
  void save(bool all = false);

  Parts parts_;
  std::function<void()> changed_;
  std::optional<scheduler::Plan> plan_;
  scheduler::Plan without_plan_;              // in its place where there is none: settings alone, without an end
  std::vector<scheduler::Alert> alerts_;
  std::map<TrackId, Voice> voices_;           // every track that the player has not ended
  std::optional<scheduler::Sounding> now_;    // what sounds by the last decision
  TrackId now_track_ = 0;                     // its track; 0: a pause, or a track that has run out
  TrackId next_track_ = 0;                    // prerolled
  TrackId last_track_ = 0;
  std::map<std::string, Closing> closing_;    // ended, but the player still owes how much was heard
  std::map<std::string, Monotonic> broken_;   // clips that the player could not play, until when not to try again
  std::map<std::string, Monotonic> resting_;  // clips that are as playable as before, but not tried until then
  std::map<std::string, std::string> faults_; // by occurrence: what the player said
  std::optional<double> last_level_;
  bool history_lost_ = false;
  bool alerts_forgotten_ = false;             // those of the first run have been skipped
  std::optional<scheduler::TimePoint> forgotten_until_;
  Monotonic device_again_{};                  // until then the sound device, which failed, is left alone
  Monotonic next_progress_{};
  Monotonic hurry_until_{};                   // for the sound of the alert that was begun last
  edge::SoundOutlook outlook_;
  std::optional<Monotonic> gate_wake_;
  std::optional<scheduler::Occurrence> test_;  // until its record is written
  std::map<std::string, bool> audible_;       // by occurrence: whether what was measured of it was heard
  std::optional<scheduler::TimePoint> next_stream_;  // when the next stream is to be listened to
  std::map<std::string, scheduler::TimePoint> kept_until_;  // by stream: the end of a place that waits for it in silence
  Monotonic began_{};
  std::optional<Monotonic> trusted_since_;    // when this run of the program first knew the time
  std::optional<Monotonic> epoch_;            // 1970 on the monotonic clock, by the node's clock at the last run
  bool trusted_before_ = false;               // at the last run
  std::set<std::string> guessed_;             // whose anchors are of the guessed time that the clock now gives; none while it is trusted
};

}  // namespace loa::node
