#include "node-firmware/node.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>

#include "node-firmware/agent.hpp"
#include "node-firmware/build_date.hpp"
#include "node-firmware/clock_watch.hpp"
#include "node-firmware/command_line.hpp"
#include "node-firmware/disk_shelf.hpp"
#include "node-firmware/downloader_curl.hpp"
#include "node-firmware/durable_file.hpp"
#include "node-firmware/edge/edge.hpp"
#include "node-firmware/health.hpp"
#include "node-firmware/kept_database.hpp"
#include "node-firmware/level_meter_gst.hpp"
#include "node-firmware/player_gst.hpp"
#include "node-firmware/player_two.hpp"
#include "node-firmware/safe_log.hpp"
#include "node-firmware/stream_hub.hpp"
#include "node-firmware/teller.hpp"
#include "protocol/limits.hpp"
#include "protocol/link_mosquitto.hpp"

namespace loa::node {

namespace asio = boost::asio;

namespace {

// On a SIM card a ping and its answer are 204 bytes, the kernel's own question and answer 104. The node is to find out soon that its line is dead, for an alert waits on
// the other side, and asks the kernel; by the ping the broker finds out, which is in less haste. While alerts stand, their updates are what may be missed.
constexpr std::chrono::seconds kKeepAlive{360}, kProbe{120}, kProbeInDanger{30};

protocol::LinkSettings link_settings(const protocol::Bundle& bundle) {
  protocol::LinkSettings settings;
  settings.addresses = bundle.brokers;
  settings.client_id = bundle.node;
  settings.ca_pem = bundle.ca_pem;
  settings.certificate_pem = bundle.tls_certificate_pem;
  settings.key_pem = bundle.tls_key_pem;
  settings.max_message_bytes = protocol::kMaxPlanSigned + 256;
  settings.keepalive = kKeepAlive;
  settings.probe = kProbe;
  settings.probe_closely = kProbeInDanger;
  return settings;
}

CurlSettings curl_settings(const protocol::Bundle& bundle) {
  CurlSettings settings;
  settings.ca_pem = bundle.ca_pem;
  settings.certificate_pem = bundle.tls_certificate_pem;
  settings.key_pem = bundle.tls_key_pem;
  return settings;
}

CacheSettings cache_settings(const Settings& settings, bool safe) {
  if (!safe) return {settings.state_folder / "clips", settings.stock_folder, settings.cache.budget};
  constexpr std::int64_t kMemory = 8 << 20;  // for alerts' own clips, in the runtime folder: that is memory
  return {runtime_folder() / "clips", settings.stock_folder, kMemory};
}

PlayerSettings player_settings(const Settings& settings) {
  PlayerSettings player;
  player.sink = settings.sink.kind == "wav" ? SinkKind::wav : settings.sink.kind == "null" ? SinkKind::null : SinkKind::alsa;
  player.device = settings.sink.device;
  player.wav = settings.sink.file;
  player.stall_limit = settings.times.watch_stall;
  return player;
}

/// On one output, or on two where node.toml names a line-out.
std::unique_ptr<Player> make_player(asio::any_io_executor executor, const protocol::Clock& clock, const Settings& settings, PlayerEvents events) {
  const auto maker = [&clock](PlayerSettings output) -> MakePlayer {
    return [&clock, output = std::move(output)](asio::any_io_executor where, PlayerEvents told) { return make_gst_player(where, clock, output, std::move(told)); };
  };
  const auto main = maker(player_settings(settings));
  if (settings.line_out.device.empty()) return main(executor, std::move(events));
  PlayerSettings second;
  second.device = settings.line_out.device;
  second.stall_limit = settings.times.watch_stall;
  return make_player_on_two(executor, std::move(events), main, maker(second));
}

StreamSettings stream_settings(const Settings& settings) {
  StreamSettings streams;
  streams.ca_file = settings.streams.ca_file;
  return streams;
}

}  // namespace

class Node::Impl {
 public:
  Impl(Identity identity, Settings settings, StartCount& starts, std::optional<std::string> safe_mode)
      : settings_(std::move(settings)),
        starts_(starts),
        safe_mode_(std::move(safe_mode)),
        identity_(std::move(identity)),
        keys_(settings_.state_folder, identity_),
        disk_(settings_.state_folder, [this] { return board_.monotonic(); }),
        store_(settings_.state_folder, disk_),
        files_(settings_.state_folder),
        database_(open_kept_database(files_, disk_, safe_mode_ ? "safe.db" : "node.db")),
        history_(*database_),
        log_(*database_),
        records_(*database_, history_, log_, disk_, &files_),
        clock_(board_, std::max(build_date(), store_.marks().newest_signed()), store_.marks().clock),
        safe_log_(safe_mode_ ? nullptr : SafeLog::open(files_, disk_, history_, *database_, clock_.now())),
        downloader_(make_curl_downloader(loop_.get_executor(), curl_settings(identity_.bundle))),
        shelf_(loop_.get_executor(), cache_settings(settings_, safe_mode_.has_value()), disk_, *downloader_, [this] { return tls_time(); },
               [this] { return clock_.now(); },
               [this] { wake(); }),
        player_(make_player(loop_.get_executor(), clock_, settings_,
                            {[](TrackId) {}, [this](const TrackStarted& started) { conductor_.on_started(started); },
                             [this](const TrackEnded& ended) { conductor_.on_ended(ended); }})),
        edge_(settings_.edge, edge_parts(), clock_.monotonic()),
        streams_(make_streams(loop_.get_executor(), stream_settings(settings_), [this] { wake(); })),
        conductor_({*player_, shelf_, clock_, history_, records_, &edge_, streams_.get()}, [this] { wake(); }),
        link_(loop_.get_executor(), link_settings(identity_.bundle)),
        agent_({identity_, keys_, link_, clock_, store_, history_, log_, records_, disk_, conductor_, shelf_, &edge_, safe_log_ ? &safe_log_->log() : nullptr},
               {settings_.times.state_period, operating_system(), settings_.times.certificate_age, build_date(), losses(), safe_mode_.value_or("")},
               {[this] { wake(); }, [this] { end(kExitRestart); }, [this](std::string request) { show_refused(std::move(request)); }}) {}

  int run() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      spdlog::info("signal {}: ending", signal);
      end(kExitOk);
    });
    began_ = clock_.monotonic();
    if (safe_mode_) spdlog::error("safe mode: {}; no plan is played, alerts are", *safe_mode_);
    agent_.start();
    health_.ready();
    wake();
    loop_.run();
    return exit_code_;
  }

 private:
  edge::Edge::Parts edge_parts() {
    edge::Edge::Parts parts;
    const auto& wanted = settings_.edge;
    if (wanted.amplifier) parts.lines = edge::make_gpiod_lines();
    if (wanted.ear) parts.meter = make_gst_level_meter(wanted.ear->device);
    if (wanted.modem == edge::WatchModem::on || (wanted.modem == edge::WatchModem::automatic && edge::has_modem_manager()))
      parts.signal = edge::make_modem_watch(loop_.get_executor(), [this] { wake(); });
    if (!wanted.data) return parts;
    const auto file = settings_.state_folder / "data-used";
    try {
      parts.kept_data = read_whole(file, 1024).value_or("");
    } catch (const std::system_error& error) {
      spdlog::warn("{}: {}", file.string(), error.what());  // a count that begins anew is no reason to be silent
    }
    parts.boot_id = board_.boot_id();
    parts.keep_data = [file](const std::string& text) { write_durably(file, text); };
    parts.today = [this] { return today(); };
    return parts;
  }

  std::optional<edge::LocalDate> today() const {
    if (!clock_.trusted()) return std::nullopt;
    const auto* plan = conductor_.plan();
    const auto offset = std::chrono::minutes(plan ? plan->utc_offset_minutes : scheduler::Plan{}.utc_offset_minutes);
    return std::chrono::floor<std::chrono::days>(clock_.now() + offset);
  }

  std::vector<Loss> losses() const {
    auto all = identity_.losses;
    all.insert(all.end(), files_.losses().begin(), files_.losses().end());
    return all;
  }

  TlsTime tls_time() const {
    if (!clock_.trusted()) return {false, std::nullopt, agent_.authorities()};
    return {true, clock_.now(), agent_.authorities()};
  }

  void show_refused(std::string request) {
    teller_.tell(identity_.bundle.files, "/api/v1/refused-boards", std::move(request), agent_.authorities());
  }

  void wake() {
    if (woken_) return;
    woken_ = true;
    asio::post(loop_, [this] { tick(); });
  }

  void tick() {
    woken_ = false;
    if (ending_) return;
    auto next = agent_.tick();
    if (const auto feed = health_.feed(clock_.monotonic())) next = std::min(next, *feed);
    look_at_run();
    if (ending_) return;
    spdlog::default_logger()->flush();  // says what the squeezer of repeated lines counted
    const auto silence = agent_.silence();
    if (safe_mode_)
      health_.status("safe mode: " + *safe_mode_);
    else
      health_.status(!silence.empty() ? silence : fmt::format("{}, plan {}{}", protocol::name_of(agent_.lifecycle()), agent_.state().plan_held,
                                                          edge_.readings().fetch_ahead ? ", clips wait for the month's data" : ""));
    const auto look = began_ + (safe_mode_ ? Monotonic(StartCount::kTryAgain) : Monotonic(StartCount::kGood));
    if (!good_) next = std::min<Monotonic>(next, std::max<Monotonic>(look, clock_.monotonic() + 1s));
    timer_.expires_at(SteadyTime{next});
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) wake();
    });
  }

  // What follows of how long this run has gone on.
  void look_at_run() {
    const auto age = clock_.monotonic() - began_;
    if (safe_mode_ && age >= StartCount::kTryAgain && !conductor_.sounding()) {
      spdlog::warn("safe mode: trying the normal mode again");
      trial_ = true;
      end(kExitRestart);
    } else if (!safe_mode_ && !good_ && age >= StartCount::kGood) {
      good_ = true;
      starts_.good();
    }
  }

  void end(int exit_code) {
    if (ending_) return;
    ending_ = true;
    if (trial_)
      starts_.trial();
    else
      starts_.ended();
    exit_code_ = exit_code;
    health_.stopping();
    timer_.cancel();
    // The end is bounded even where broker and player do not answer.
    limit_.expires_after(settings_.times.stop_limit + std::chrono::seconds(1));
    limit_.async_wait([this](const boost::system::error_code& error) {
      if (!error) loop_.stop();
    });
    agent_.stop(settings_.times.stop_limit, [this] { loop_.stop(); });
  }

  Settings settings_;
  StartCount& starts_;
  std::optional<std::string> safe_mode_;
  Identity identity_;
  asio::io_context loop_{1};
  asio::signal_set signals_{loop_, SIGTERM, SIGINT};
  asio::steady_timer timer_{loop_};
  asio::steady_timer limit_{loop_};
  Health health_;
  BoardTime board_;
  OwnKeys keys_;
  DiskHealth disk_;
  PlanStore store_;
  KeptFiles files_;
  std::unique_ptr<Database> database_;
  HistoryStore history_;
  PlayLog log_;
  RecordKeeper records_;
  NodeClock clock_;
  std::unique_ptr<SafeLog> safe_log_;
  std::unique_ptr<Downloader> downloader_;
  Teller teller_;
  DiskShelf shelf_;
  std::unique_ptr<Player> player_;
  edge::Edge edge_;
  std::unique_ptr<Streams> streams_;
  Conductor conductor_;
  protocol::MosquittoLink link_;
  Agent agent_;
  ClockWatch clock_watch_{loop_.get_executor(), clock_, [this] { wake(); }};
  bool woken_ = false;
  bool ending_ = false;
  Monotonic began_{};
  bool good_ = false;   // it has run long enough
  bool trial_ = false;  // it ends for a trial of the normal mode
  int exit_code_ = kExitOk;
};

Node::Node(Identity identity, Settings settings, StartCount& starts, std::optional<std::string> safe_mode)
    : impl_(std::make_unique<Impl>(std::move(identity), std::move(settings), starts, std::move(safe_mode))) {}
Node::~Node() = default;
int Node::run() { return impl_->run(); }

}  // namespace loa::node
