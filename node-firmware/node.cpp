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
#include "node-firmware/health.hpp"
#include "node-firmware/kept_database.hpp"
#include "node-firmware/player_gst.hpp"
#include "node-firmware/teller.hpp"
#include "protocol/limits.hpp"
#include "protocol/link_mosquitto.hpp"

namespace loa::node {

namespace asio = boost::asio;

namespace {

protocol::LinkSettings link_settings(const protocol::Bundle& bundle) {
  protocol::LinkSettings settings;
  settings.addresses = bundle.brokers;
  settings.client_id = bundle.node;
  settings.ca_pem = bundle.ca_pem;
  settings.certificate_pem = bundle.tls_certificate_pem;
  settings.key_pem = bundle.tls_key_pem;
  settings.max_message_bytes = protocol::kMaxPlanSigned + 256;
  return settings;
}

CurlSettings curl_settings(const protocol::Bundle& bundle) {
  CurlSettings settings;
  settings.ca_pem = bundle.ca_pem;
  settings.certificate_pem = bundle.tls_certificate_pem;
  settings.key_pem = bundle.tls_key_pem;
  return settings;
}

CacheSettings cache_settings(const Settings& settings) {
  return {settings.state_folder / "clips", settings.stock_folder, settings.cache.budget};
}

PlayerSettings player_settings(const Settings& settings) {
  PlayerSettings player;
  player.sink = settings.sink.kind == "wav" ? SinkKind::wav : settings.sink.kind == "null" ? SinkKind::null : SinkKind::alsa;
  player.device = settings.sink.device;
  player.wav = settings.sink.file;
  player.stall_limit = settings.times.watch_stall;
  return player;
}

}  // namespace

class Node::Impl {
 public:
  Impl(Identity identity, Settings settings)
      : settings_(std::move(settings)),
        identity_(std::move(identity)),
        keys_(settings_.state_folder, identity_),
        disk_(settings_.state_folder, [this] { return board_.monotonic(); }),
        store_(settings_.state_folder, disk_),
        files_(settings_.state_folder),
        database_(open_kept_database(files_, disk_)),
        history_(*database_),
        log_(*database_),
        records_(*database_, history_, log_, disk_),
        clock_(board_, std::max(build_date(), store_.marks().newest_signed()), store_.marks().clock),
        downloader_(make_curl_downloader(loop_.get_executor(), curl_settings(identity_.bundle))),
        shelf_(loop_.get_executor(), cache_settings(settings_), disk_, *downloader_, [this] { return tls_time(); },
               [this] { return clock_.now(); },
               [this] { wake(); }),
        player_(make_gst_player(loop_.get_executor(), clock_, player_settings(settings_),
                                {[](TrackId) {}, [this](const TrackStarted& started) { conductor_.on_started(started); },
                                 [this](const TrackEnded& ended) { conductor_.on_ended(ended); }})),
        conductor_({*player_, shelf_, clock_, history_, records_}, [this] { wake(); }),
        link_(loop_.get_executor(), link_settings(identity_.bundle)),
        agent_({identity_, keys_, link_, clock_, store_, history_, log_, records_, disk_, conductor_, shelf_},
               {settings_.times.state_period, operating_system(), settings_.times.certificate_age, build_date(), losses()},
               {[this] { wake(); }, [this] { end(kExitRestart); }, [this](std::string request) { show_refused(std::move(request)); }}) {}

  int run() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      spdlog::info("signal {}: ending", signal);
      end(kExitOk);
    });
    agent_.start();
    health_.ready();
    wake();
    loop_.run();
    return exit_code_;
  }

 private:
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
    health_.status(fmt::format("{}, plan {}", protocol::name_of(agent_.lifecycle()), agent_.state().plan_held));
    timer_.expires_at(SteadyTime{next});
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) wake();
    });
  }

  void end(int exit_code) {
    if (ending_) return;
    ending_ = true;
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
  std::unique_ptr<Downloader> downloader_;
  Teller teller_;
  DiskShelf shelf_;
  std::unique_ptr<Player> player_;
  Conductor conductor_;
  protocol::MosquittoLink link_;
  Agent agent_;
  ClockWatch clock_watch_{loop_.get_executor(), clock_, [this] { wake(); }};
  bool woken_ = false;
  bool ending_ = false;
  int exit_code_ = kExitOk;
};

Node::Node(Identity identity, Settings settings) : impl_(std::make_unique<Impl>(std::move(identity), std::move(settings))) {}
Node::~Node() = default;
int Node::run() { return impl_->run(); }

}  // namespace loa::node
