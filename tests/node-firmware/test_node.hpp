#pragma once
#include <memory>
#include <optional>
#include <string>

#include "fake_node_parts.hpp"
#include "node-firmware/agent.hpp"
#include "node-firmware/durable_file.hpp"
#include "node-firmware/kept_database.hpp"
#include "node-firmware/safe_log.hpp"
#include "protocol/topics.hpp"
#include "test_controller.hpp"
#include "tests/support/fake_link.hpp"
#include "tests/support/fake_player.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::tests {

using namespace std::chrono_literals;

/// One run of the node's program on a state folder, with a pretend network, player and shelf.
struct NodeRun {
  NodeRun(const std::filesystem::path& folder, const protocol::Bundle& bundle, FakeTime& time, FakeShelf& shelf, FakeStreams& streams,
          std::chrono::milliseconds certificate_age,
          node::edge::SoundGate* gate = nullptr, const std::string& safe_mode = {})
      : identity{bundle, protocol::PrivateKey::from_pem(bundle.signing_key_pem).value()},
        keys(folder, identity),
        disk(folder, [&time] { return time.monotonic(); }),
        store(folder, disk),
        files(folder),
        opened(node::open_kept_database(files, disk, safe_mode.empty() ? "node.db" : "safe.db")),
        database(*opened),
        history(database),
        log(database),
        keeper(database, history, log, disk, &files),
        clock(time, store.marks().newest_signed(), store.marks().clock),
        safe_log(safe_mode.empty() ? node::SafeLog::open(files, disk, history, database, clock.now()) : nullptr),
        conductor({player, shelf, clock, history, keeper, gate, &streams}, [this] { ++wakes; }),
        agent({identity, keys, link, clock, store, history, log, keeper, disk, conductor, shelf, nullptr, safe_log ? &safe_log->log() : nullptr}, {30min, "test", certificate_age, {}, files.losses(), safe_mode},
              {[this] { ++wakes; }, [this] { restart_asked = true; }, [this](std::string request) { refused.push_back(std::move(request)); }}) {
    player.events.started = [this](const node::TrackStarted& started) { conductor.on_started(started); };
    player.events.ended = [this](const node::TrackEnded& ended) { conductor.on_ended(ended); };
    player.events.prepared = [](node::TrackId) {};
    agent.start();
  }

  node::Identity identity;
  tests::FakeLink link;
  FakePlayer player;
  node::OwnKeys keys;
  node::DiskHealth disk;
  node::PlanStore store;
  node::KeptFiles files;
  std::unique_ptr<node::Database> opened;
  node::Database& database;
  node::HistoryStore history;
  node::PlayLog log;
  node::RecordKeeper keeper;
  node::NodeClock clock;
  std::unique_ptr<node::SafeLog> safe_log;
  node::Conductor conductor;
  node::Agent agent;
  int wakes = 0;
  bool restart_asked = false;
  std::vector<std::string> refused;  ///< requests that were to be shown another way
};

/// A node with its controller: the test speaks for the broker, ticks the clock and plays the sounds.
class TestNode {
 public:
  /// Its state is in `state`, by default in its own folder.
  explicit TestNode(std::filesystem::path state = {}) : state_folder(state.empty() ? folder.path() / "state" : std::move(state)) { boot(); }

  void boot() {
    run.reset();  // the folder has one owner at a time
    sounds_.clear();  // the next run counts its tracks anew, perhaps at the same address
    run = std::make_unique<NodeRun>(state_folder, controller.bundle(), time, shelf, streams, certificate_age, gate, safe_mode);
    run->agent.tick();
  }
  /// The process is killed: nothing is written or said any more.
  void kill() { run.reset(); }

  TimePoint now() const { return time.system(); }
  node::Agent& agent() { return run->agent; }
  tests::FakeLink& link() { return run->link; }
  FakePlayer& player() { return run->player; }

  /// Time passes: in small steps while something sounds, else from one wake of the agent to the next. The player does what
  /// it was told as a real one would.
  void pass(node::Monotonic duration) {
    const auto end = time.now + duration;
    auto next = run->agent.tick();
    while (time.now < end) {
      const auto step = player().tracks.empty() ? std::max<node::Monotonic>(next - time.now, 1ms) : longest_step;
      time.pass(std::min(step, end - time.now));
      play();
      for (int turn = 0; turn < 3; ++turn) {
        next = run->agent.tick();
        play();
        if (next > time.now) break;
      }
    }
  }

  void connect() {
    link().connect();
    run->agent.tick();
  }
  void deliver(const std::string& topic, const std::string& payload, bool retained = false) {
    link().deliver(topic, payload, retained);
    run->agent.tick();
    play();
    run->agent.tick();
  }

  protocol::State last_state() {
    const auto sent = link().sent_to(protocol::state_topic(TestController::kNode));
    const auto payload = protocol::open(sent.at(sent.size() - 1), MessageType::state, controller.node_key.public_key());
    return protocol::decode_state(payload.value()).value();
  }
  std::vector<protocol::Receipt> receipts() {
    std::vector<protocol::Receipt> all;
    for (const auto& jws : link().sent_to(protocol::receipt_topic(TestController::kNode)))
      all.push_back(protocol::decode_receipt(
                        protocol::open(jws, MessageType::receipt, controller.node_key.public_key()).value()).value());
    return all;
  }
  std::vector<protocol::LogBatch> batches() {
    std::vector<protocol::LogBatch> all;
    for (const auto& jws : link().sent_to(protocol::log_topic(TestController::kNode)))
      all.push_back(protocol::decode_log(
                        protocol::open(jws, MessageType::log, controller.node_key.public_key()).value()).value());
    return all;
  }
  /// Everything in the log, in order.
  std::vector<scheduler::PlayRecord> records() {
    std::vector<scheduler::PlayRecord> all;
    node::Statement rows(run->database, "select body from records order by number");
    while (rows.step()) all.push_back(protocol::decode_record(rows.text(0)).value());
    return all;
  }

  /// A head that answers the last state.
  protocol::Head head(std::int64_t plan_revision) {
    protocol::Head head;
    head.node = TestController::kNode;
    head.nonce = last_state().nonce;
    head.issued = now();
    head.plan_revision = plan_revision;
    head.key_set = controller.keys.number;
    for (const auto& area : controller.areas) head.areas.push_back({area, alert_revisions[area]});
    return head;
  }
  void send_head(std::int64_t plan_revision) {
    time.pass(2ms);  // issue times rise
    deliver(protocol::head_topic(TestController::kNode), controller.head(head(plan_revision)));
  }
  /// A head that names the plan, then the plan.
  void send_plan(const scheduler::Plan& plan) {
    send_head(plan.revision);
    deliver(protocol::plan_topic(TestController::kNode), controller.plan(plan), true);
  }

  scheduler::Plan plan(std::int64_t revision) const {
    scheduler::Plan plan;
    plan.node = TestController::kNode;
    plan.revision = revision;
    plan.made = now();
    plan.from = now() - 1h;
    plan.until = now() + 16 * 24h;
    plan.areas = controller.areas;
    plan.brokers = {"mqtts://127.0.0.1:8883"};
    plan.files = {"https://files.example:443"};
    return plan;
  }
  /// A broadcast's occurrence of one clip, which the shelf holds.
  scheduler::Occurrence occurrence(const std::string& broadcast, TimePoint due, Millis duration) {
    scheduler::Occurrence occurrence;
    occurrence.id = scheduler::occurrence_id(broadcast, due);
    occurrence.broadcast_id = broadcast;
    occurrence.programme_id = "p-1";
    occurrence.title = "Luật Đất đai";
    occurrence.legal_field = "land";
    occurrence.language = "vi";
    occurrence.due = due;
    occurrence.duration = duration;
    scheduler::Item item;
    item.duration = duration;
    item.sha256 = std::string(64, static_cast<char>('a' + broadcast.back() % 6));
    item.bytes = 1000;
    occurrence.items = {item};
    shelf.held[item.sha256] = true;
    lengths[item.sha256] = duration;
    return occurrence;
  }
  scheduler::Alert alert(const std::string& id, Millis duration) {
    scheduler::Alert alert;
    alert.id = id;
    alert.revision = 1;
    alert.area = "hue";
    alert.sent = now();
    alert.expires = now() + 1h;
    alert.event = "flood";
    alert.title = "Lũ khẩn cấp";
    alert.language = "vi";
    alert.stock_clip = "flood";
    alert.repeats = 1;
    alert.repeat_every = 10min;
    scheduler::Item item;
    item.duration = duration;
    item.sha256 = std::string(63, '7') + std::to_string(id.back() % 10);
    item.bytes = 500;
    alert.clip = item;
    shelf.held[item.sha256] = true;
    lengths[item.sha256] = duration;
    return alert;
  }
  scheduler::AlertSnapshot snapshot(std::int64_t revision, std::vector<scheduler::Alert> alerts) const {
    return {"hue", revision, now(), std::move(alerts)};
  }

  TempFolder folder;
  std::filesystem::path state_folder;
  TestController controller;
  FakeTime time;
  FakeShelf shelf;
  FakeStreams streams;
  std::map<std::string, std::int64_t> alert_revisions;
  std::chrono::milliseconds certificate_age = 365 * 24h;
  node::edge::SoundGate* gate = nullptr;
  std::string safe_mode;  ///< why the next run is in safe mode
  node::Monotonic longest_step = 100ms;          ///< of pass(), while there are tracks
  std::map<std::string, Millis> lengths;  ///< how long each clip really sounds
  std::unique_ptr<NodeRun> run;

 private:
  struct Sound {
    bool started = false;
    node::Monotonic first{};
  };

  // Starts, finishes and stops tracks as their times come.
  void play() {
    auto& player = run->player;
    std::vector<node::TrackId> ids;
    for (const auto& [id, told] : player.tracks) ids.push_back(id);
    for (const auto id : ids) {
      const auto told = player.tracks.at(id);
      auto& sound = sounds_[{run.get(), id}];
      const auto due = told.due ? std::optional(told.due->time_since_epoch()) : std::nullopt;
      if (!sound.started && due && *due <= time.now && !told.stopped) {
        sound = {true, *due};
        player.started(id);
      }
      const auto sha = told.track.file.stem().string();
      const auto length = told.track.length.count() > 0 ? told.track.length : lengths[sha] - told.track.offset;
      const auto heard = sound.started ? std::chrono::floor<Millis>(time.now - sound.first) : Millis(0);
      if (told.stopped)
        player.was_stopped(id, heard);
      else if (sound.started && heard >= length)
        player.finished(id, length);
      if (!player.tracks.contains(id)) sounds_.erase({run.get(), id});
    }
  }

  std::map<std::pair<NodeRun*, node::TrackId>, Sound> sounds_;
};

}  // namespace loa::tests
