#include "controller/app.hpp"

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "controller/alarm_keeper.hpp"
#include "controller/api/api.hpp"
#include "controller/authority_keeper.hpp"
#include "controller/authority/bundle.hpp"
#include "controller/broadcast/broadcaster.hpp"
#include "controller/broker_keeper.hpp"
#include "controller/metrics/endpoint.hpp"
#include "controller/identity.hpp"
#include "controller/key_keeper.hpp"
#include "controller/keep_revocations.hpp"
#include "controller/part_settings.hpp"
#include "controller/self_report.hpp"
#include "controller/stock.hpp"
#include "controller/store_guard.hpp"
#include "controller/store/audit.hpp"
#include "controller/store/recovery_hold.hpp"
#include "process/confine.hpp"
#include "process/tally.hpp"
#include "protocol/link_mosquitto.hpp"

namespace loa::controller {

namespace {

using namespace std::chrono_literals;

constexpr auto kFarewell = 3000ms;
constexpr auto kLongestStop = 10s;
constexpr auto kBrokerTold = 5000ms;  // somebody waits for the answer

/// Every part of the controller, in the order in which they depend on each other.
class App {
 public:
  App(const Settings& settings, ServedStore& served, protocol::Formats formats);
  int run();

 private:
  protocol::LinkSettings own_link();
  media::MediaSettings media_settings() const;
  http::ServerSettings http_settings();
  api::Hooks hooks();
  http::Result<api::NewBoard> make_board(const std::string& node, const std::string& code, const std::vector<std::string>& areas);
  void take_key_set(const std::string& jws);
  void listen_for_monitoring();
  std::vector<api::VoiceChoice> voices() const;
  void tell(const broadcast::Change& change);
  void take_keys(const KeyKeeper::Keys& keys);
  void connect_as_oneself();
  void use_certificates();
  std::string keys_trouble() const { return keys_.trouble().empty() ? authorities_.trouble() : keys_.trouble(); }
  boost::asio::awaitable<void> begin();
  void stop();

  Settings settings_;
  protocol::SystemClock clock_;
  boost::asio::io_context loop_;
  boost::asio::signal_set signals_{loop_, SIGTERM, SIGINT};
  boost::asio::steady_timer last_stop_{loop_};
  KeyKeeper keys_;
  Identity identity_;
  AuthorityKeeper authorities_{loop_.get_executor(), identity_, [this] { use_certificates(); }};
  std::string key_set_refused_;
  store::Store store_;
  media::ClipStore clips_;
  std::shared_ptr<process::Tally> transcoders_ = std::make_shared<process::Tally>();  ///< how children ended
  std::shared_ptr<process::Tally> speakers_ = std::make_shared<process::Tally>();
  std::unique_ptr<tts::Registry> synthesizers_;
  BrokerKeeper broker_files_;
  protocol::MosquittoLink link_;
  broadcast::Broadcaster broadcaster_;
  api::Api api_;
  media::Jobs jobs_;  // after the Api: its callbacks go there, and it ends first
  std::optional<metrics::Endpoint> metrics_;
  std::optional<http::Server> metrics_server_;
  std::optional<http::Server> server_;
  std::exception_ptr failure_;  // of begin()
  EventFailures failures_;
  StoreWatch watch_{loop_.get_executor(), settings_};
  AlarmKeeper alarms_;
  SelfReport report_;
  bool stopping_ = false;
};

App::App(const Settings& settings, ServedStore& served, protocol::Formats formats)
    : settings_(settings),
      keys_(loop_.get_executor(), settings.state, std::make_shared<authority::ControllerKeys>(authority::load_keys(settings.state)),
            [this](const KeyKeeper::Keys& keys) { take_keys(keys); }),
      identity_(settings_, clock_, keys_.keys()->key_set),
      store_(loop_.get_executor(), settings.database_url(), clock_),
      clips_(settings.clips_folder()),
      synthesizers_(synthesizers(speakers_)),
      broker_files_(store_, identity_.authority(), broker_settings(settings, formats), settings.broker_folder()),
      link_(loop_.get_executor(), own_link()),
      broadcaster_(store_, link_, keys_.keys(), {settings.brokers, settings.files, {}},
                   [this](const broadcast::Change& change) { tell(change); }, std::move(formats)),
      api_(store_, api_settings(settings), hooks()),
      jobs_(loop_.get_executor(), clips_, *synthesizers_, media_settings(), {}),
      alarms_(store_, [this] { return conditions_of(report_.facts()); },
              [this](const store::Alarm& alarm) { api_.publish({"alarm", alarm.id, alarm.area, "", store::name_of(alarm.kind), {}}); }),
      report_({settings_, clock_, store_, broadcaster_, broker_files_, failures_, watch_, alarms_, jobs_, *transcoders_, *speakers_, [this] { return keys_trouble(); },
               [this] { return key_set_refused_; }, [this] { return server_ ? &*server_ : nullptr; }}) {
  served.begin_run(store_);
  if (store_.run_sync([](store::Session& session) { return store::find_recovery_hold(session) || store::find_unfinished_hold(session); }))
    keep_revocations(store_, identity_.authority(), settings.broker_folder(), settings.broker.live_folder);
  // That may have ended the certificate that the link was made with.
  connect_as_oneself();
  broadcaster_.certify_with([this](const std::string& csr, const std::string& node) { return identity_.authority().issue_for_request(csr, node, clock_.now()); },
                            [this](const std::string& pem, const std::string& node) { return identity_.authority().read_client(pem, node); },
                            [this] { broker_files_.nodes_changed(); });
  take_stock(settings.stock, clips_, store_);
  broker_files_.write_first();
  // Kept by the journal, out of reach of who can write the database: `loa audit verify --head` takes it.
  const auto [number, hash] = store_.run_sync([](store::Session& session) { return store::newest_audit(session); });
  spdlog::info("audit log: the newest row is {}:{}", number, hash);
}

protocol::LinkSettings App::own_link() {
  const auto own = identity_.client_certificate();
  auto link = link_settings(settings_);
  link.ca_pem = identity_.authority().certificate_pem();
  link.certificate_pem = own.certificate_pem;
  link.key_pem = own.key_pem;
  return link;
}

media::MediaSettings App::media_settings() const {
  media::MediaSettings media;
  media.transcoder = settings_.transcoder;
  media.tally = transcoders_;
  return media;
}

http::ServerSettings App::http_settings() {
  auto http = settings_.http;
  if (settings_.tls) http.tls = identity_.server_files();
  return http;
}

api::Hooks App::hooks() {
  api::Hooks hooks;
  hooks.plans_changed = [this](std::vector<std::string> areas, std::vector<std::string> nodes) { broadcaster_.plans_changed(areas, nodes); };
  hooks.send_order = [this](protocol::Order order) { broadcaster_.send_order(order); };
  hooks.alert_changed = [this](std::string area) { broadcaster_.alert_changed(area); };
  hooks.node_changed = [this](std::string node) {
    broker_files_.nodes_changed();
    broadcaster_.node_changed(node);
  };
  hooks.broker_told = [this] { return broker_files_.went_live(kBrokerTold); };
  hooks.make_board = [this](const std::string& node, const std::string& code, const std::vector<std::string>& areas) {
    return make_board(node, code, areas);
  };
  hooks.board_refused = [this](const std::string& jws) { broadcaster_.board_refused(jws); };
  hooks.key_set = [this] { return std::optional(broadcaster_.key_set()); };
  hooks.found = [this] { return report_.found(); };
  hooks.hold_ended = [this] {
    broadcaster_.resume();
    alarms_.look();
  };
  hooks.health = [this] { return report_.health(); };
  hooks.open_alarms = [this] { return report_.open_alarms(); };
  hooks.start_job = [this](media::Job job) { return jobs_.start(std::move(job)); };
  hooks.find_job = [this](const std::string& id) { return jobs_.find(id); };
  hooks.upload_file = [this] { return clips_.work_file(".upload"); };
  hooks.clip_file = [this](std::string_view sha256) { return clips_.path_of(sha256); };
  hooks.voices = [this] { return voices(); };
  return hooks;
}

http::Result<api::NewBoard> App::make_board(const std::string& node, const std::string& code, const std::vector<std::string>& areas) {
  const auto made = authority::make_bundle(identity_.authority(), *keys_.keys(), {node, code, areas, settings_.brokers, settings_.files}, clock_.now());
  return api::NewBoard{protocol::encode(made.bundle), made.signing_key, made.serial, made.bundle.tls_certificate_pem};
}

void App::take_key_set(const std::string& jws) {
  try {
    const auto taken = authority::import_keys(settings_.state, jws, std::nullopt);
    spdlog::warn("key set {} came from the broker, signed by the root: it is taken", taken.key_set.number);
    key_set_refused_.clear();
    keys_.look();
  } catch (const std::exception& error) {
    key_set_refused_ = error.what();
    spdlog::error("the higher key set on the broker cannot be taken: {}", error.what());
  }
  alarms_.look();
}

std::vector<api::VoiceChoice> App::voices() const {
  std::vector<api::VoiceChoice> choices;
  for (const auto& name : synthesizers_->names())
    for (const auto& voice : synthesizers_->find(name)->voices())
      choices.push_back({name + "/" + voice.id, voice.name, voice.language});
  return choices;
}

void App::tell(const broadcast::Change& change) {
  api_.publish({change.kind, change.id, change.area, change.node, change.status, std::nullopt});
  if (change.kind == "alarm") alarms_.changed();
}

void App::listen_for_monitoring() {
  auto where = settings_.metrics;
  if (where.port == 0) return;
  const auto token = settings_.metrics_token.empty() ? std::string() : metrics::read_token(settings_.metrics_token);
  if (!boost::asio::ip::make_address(where.address).is_loopback()) where.tls = http_settings().tls;
  metrics_.emplace([this] { return report_.measure(); }, token);
  metrics_server_.emplace(loop_.get_executor(), where, *metrics_);
  spdlog::info("figures for monitoring at {}:{}{}", where.address, where.port, token.empty() ? "" : ", with a token");
}

// The keys first: what a revoked one signed must not wait for certificates.
void App::take_keys(const KeyKeeper::Keys& keys) {
  broadcaster_.keys_changed(keys);
  authorities_.follow(keys->key_set);
}

void App::connect_as_oneself() {
  const auto own = identity_.client_certificate();
  broadcaster_.connect_as({own.certificate_pem, own.key_pem}, identity_.authority().certificate_pem());
}

void App::use_certificates() {
  connect_as_oneself();
  broker_files_.nodes_changed();
  if (server_ && settings_.tls) server_->use(identity_.server_files());
}

boost::asio::awaitable<void> App::begin() {
  broadcaster_.on_higher_key_set([this](const std::string& jws) { boost::asio::post(loop_, [this, jws] { take_key_set(jws); }); });
  co_await broadcaster_.load();
  server_.emplace(loop_.get_executor(), http_settings(), api_);
  listen_for_monitoring();
  broadcaster_.start();
  broker_files_.start();
  alarms_.start();
  keys_.start();
  watch_.start();
  spdlog::info("loa-controller {} listens on {}:{}", LOA_VERSION, settings_.http.address, server_->port());
  if (const auto missing = process::missing_walls(); !missing.empty()) spdlog::warn("children are confined less well: {}", missing);
  ::sd_notify(0, "READY=1");
}

void App::stop() {
  if (stopping_) return;
  stopping_ = true;
  ::sd_notify(0, "STOPPING=1");
  alarms_.stop();
  keys_.stop();
  authorities_.stop();
  watch_.stop();
  api_.close_streams();
  if (server_) server_->stop();
  if (metrics_server_) metrics_server_->stop();
  broadcaster_.close(kFarewell, [this] { loop_.stop(); });
  last_stop_.expires_after(kLongestStop);
  last_stop_.async_wait([this](const boost::system::error_code& error) {
    if (!error) loop_.stop();
  });
}

int App::run() {
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) stop();
  });
  boost::asio::co_spawn(loop_, begin(), [this](std::exception_ptr failure) {
    failure_ = failure;
    if (failure) loop_.stop();
  });
  const bool failing = run_events(loop_, failures_, clock_, [this] { stop(); });
  if (failure_) std::rethrow_exception(failure_);
  spdlog::info("loa-controller has stopped");
  return failing ? kExitEventsFailing : 0;
}

}  // namespace

int run_app(const Settings& settings, protocol::Formats formats) {
  ServedStore served(settings);  // looks before the store opens
  int code = 0;
  try {
    App app(settings, served, std::move(formats));
    code = app.run();
  } catch (...) {
    served.end_run();
    throw;
  }
  served.end_run();
  return code;
}

}  // namespace loa::controller
