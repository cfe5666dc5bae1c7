#include "controller/app.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <tuple>

#include "controller/alarm_keeper.hpp"
#include "controller/api/api.hpp"
#include "controller/authority/bundle.hpp"
#include "controller/authority/kept_certificate.hpp"
#include "controller/broadcast/broadcaster.hpp"
#include "controller/broker_keeper.hpp"
#include "controller/event_failures.hpp"
#include "controller/figures.hpp"
#include "controller/metrics/endpoint.hpp"
#include "controller/key_keeper.hpp"
#include "controller/keep_revocations.hpp"
#include "controller/recovery/stamp.hpp"
#include "controller/stock.hpp"
#include "controller/store_guard.hpp"
#include "controller/store/receipts.hpp"
#include "controller/store/audit.hpp"
#include "controller/store/recovery_hold.hpp"
#include "process/confine.hpp"
#include "process/tally.hpp"
#include "protocol/link_mosquitto.hpp"
#include "tts-adapters/espeak.hpp"

namespace loa::controller {

namespace {

using namespace std::chrono_literals;

constexpr auto kFarewell = 3000ms;
constexpr auto kLongestStop = 10s;
constexpr auto kLifetimesEvery = 10min;

authority::BrokerSettings broker_settings(const Settings& settings, const protocol::Formats& formats) {
  authority::BrokerSettings broker;
  broker.port = settings.broker.port;
  broker.bind_address = settings.broker.bind_address;
  broker.hosts = settings.hosts;
  broker.live_folder = std::filesystem::absolute(settings.broker.live_folder).lexically_normal();
  broker.data_folder = std::filesystem::absolute(settings.broker.data_folder).lexically_normal();
  broker.user = settings.broker.user;
  broker.formats = formats.numbers();
  return broker;
}

authority::CertificateAuthority followed_authority(const Settings& settings, const protocol::KeySet& keys, scheduler::TimePoint now) {
  auto authority = authority::CertificateAuthority::open_or_create(settings.authority_folder(), now);
  authority.follow(keys.authorities);
  return authority;
}

api::Settings api_settings(const Settings& settings) {
  api::Settings api;
  api.web_root = settings.web_root;
  api.session_time = settings.sign_in.session;
  api.idle_time = settings.sign_in.idle;
  for (const auto& role : settings.sign_in.second_factor_for) api.second_factor_for.push_back(*store::parse_role(role));
  api.passwords_by_admin = settings.sign_in.passwords_by_admin;
  if (!settings.hosts.empty()) api.name = "Loa " + settings.hosts.front();
  api.second_factor_key = settings.second_factor_key();
  return api;
}

std::unique_ptr<tts::Registry> synthesizers(std::shared_ptr<process::Tally> tally) {
  auto registry = std::make_unique<tts::Registry>();
  registry->add(std::make_unique<tts::EspeakSynthesizer>("espeak-ng", 60s, std::move(tally)));
  return registry;
}

/// Every part of the controller, in the order in which they depend on each other.
class App {
 public:
  App(const Settings& settings, ServedStore& served, protocol::Formats formats);
  int run();

 private:
  protocol::LinkSettings link_settings();
  media::MediaSettings media_settings() const;
  http::ServerSettings http_settings() const;
  api::Hooks hooks();
  http::Result<api::NewBoard> make_board(const std::string& node, const std::string& code, const std::vector<std::string>& areas);
  void take_key_set(const std::string& jws);
  api::Found found() const;
  std::vector<api::HealthCheck> health() const;
  void listen_for_monitoring();
  boost::asio::awaitable<std::vector<metrics::Family>> measure();
  void read_lifetimes();
  std::vector<api::OpenAlarms> open_alarms() const;
  Facts facts();
  std::string backup_trouble(scheduler::TimePoint now) const;
  std::vector<api::VoiceChoice> voices() const;
  void tell(const broadcast::Change& change);
  authority::KeptCertificate own_certificate();
  void take_keys(const KeyKeeper::Keys& keys);
  void follow_authority(const protocol::KeySet& keys);
  std::string keys_trouble() const { return keys_.trouble().empty() ? authority_trouble_ : keys_.trouble(); }
  boost::asio::awaitable<void> begin();
  void stop();

  Settings settings_;
  protocol::SystemClock clock_;
  boost::asio::io_context loop_;
  boost::asio::signal_set signals_{loop_, SIGTERM, SIGINT};
  boost::asio::steady_timer last_stop_{loop_};
  KeyKeeper keys_;
  authority::CertificateAuthority authority_;
  std::string authority_trouble_;
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
  std::vector<authority::Lifetime> lifetimes_;
  scheduler::TimePoint lifetimes_at_;
  bool stopping_ = false;
};

App::App(const Settings& settings, ServedStore& served, protocol::Formats formats)
    : settings_(settings),
      keys_(loop_.get_executor(), settings.state, std::make_shared<authority::ControllerKeys>(authority::load_keys(settings.state)),
            [this](const KeyKeeper::Keys& keys) { take_keys(keys); }),
      authority_(followed_authority(settings, keys_.keys()->key_set, clock_.now())),
      store_(loop_.get_executor(), settings.database_url(), clock_),
      clips_(settings.clips_folder()),
      synthesizers_(synthesizers(speakers_)),
      broker_files_(store_, authority_, broker_settings(settings, formats), settings.broker_folder()),
      link_(loop_.get_executor(), link_settings()),
      broadcaster_(store_, link_, keys_.keys(), {settings.brokers, settings.files, {}},
                   [this](const broadcast::Change& change) { tell(change); }, std::move(formats)),
      api_(store_, api_settings(settings), hooks()),
      jobs_(loop_.get_executor(), clips_, *synthesizers_, media_settings(), {}),
      alarms_(store_, [this] { return conditions_of(facts()); },
              [this](const store::Alarm& alarm) { api_.publish({"alarm", alarm.id, alarm.area, "", store::name_of(alarm.kind), {}}); }) {
  served.begin_run(store_);
  if (store_.run_sync([](store::Session& session) { return store::find_recovery_hold(session); }))
    keep_revocations(store_, authority_, settings.broker_folder(), settings.broker.live_folder);
  broadcaster_.certify_with([this](const std::string& csr, const std::string& node) { return authority_.issue_for_request(csr, node, clock_.now()); },
                            [this] { broker_files_.nodes_changed(); });
  take_stock(settings.stock, clips_, store_);
  broker_files_.write_first();
  // Kept by the journal, out of reach of who can write the database: `loa audit verify --head` takes it.
  const auto [number, hash] = store_.run_sync([](store::Session& session) { return store::newest_audit(session); });
  spdlog::info("audit log: the newest row is {}:{}", number, hash);
}

// One that was replaced counts no more: whoever copied it could speak to the broker in the controller's name.
authority::KeptCertificate App::own_certificate() {
  auto own = authority::keep_client_certificate(settings_.tls_folder(), authority::kControllerIdentity, authority_, clock_.now());
  if (!own.replaced_serial.empty()) authority_.revoke(own.replaced_serial, clock_.now());
  return own;
}

protocol::LinkSettings App::link_settings() {
  const auto own = own_certificate();
  protocol::LinkSettings link;
  link.addresses = {settings_.broker.address};
  link.client_id = authority::kControllerIdentity;
  link.ca_pem = authority_.certificate_pem();
  link.certificate_pem = own.certificate_pem;
  link.key_pem = own.key_pem;
  link.backoff_base = 250ms;
  link.backoff_cap = 5s;
  link.stable_after = 5s;
  return link;
}

media::MediaSettings App::media_settings() const {
  media::MediaSettings media;
  media.transcoder = settings_.transcoder;
  media.tally = transcoders_;
  return media;
}

http::ServerSettings App::http_settings() const {
  auto http = settings_.http;
  if (!settings_.tls) return http;
  authority::keep_server_certificate(settings_.tls_folder(), "https", settings_.hosts, authority_, clock_.now());
  http.tls = http::TlsFiles{settings_.tls_folder() / "https.pem", settings_.tls_folder() / "https.key"};
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
  hooks.make_board = [this](const std::string& node, const std::string& code, const std::vector<std::string>& areas) {
    return make_board(node, code, areas);
  };
  hooks.board_refused = [this](const std::string& jws) { broadcaster_.board_refused(jws); };
  hooks.key_set = [this] { return std::optional(broadcaster_.key_set()); };
  hooks.found = [this] { return found(); };
  hooks.hold_ended = [this] {
    broadcaster_.resume();
    alarms_.look();
  };
  hooks.health = [this] { return health(); };
  hooks.open_alarms = [this] { return open_alarms(); };
  hooks.start_job = [this](media::Job job) { return jobs_.start(std::move(job)); };
  hooks.find_job = [this](const std::string& id) { return jobs_.find(id); };
  hooks.upload_file = [this] { return clips_.work_file(".upload"); };
  hooks.clip_file = [this](std::string_view sha256) { return clips_.path_of(sha256); };
  hooks.voices = [this] { return voices(); };
  return hooks;
}

http::Result<api::NewBoard> App::make_board(const std::string& node, const std::string& code, const std::vector<std::string>& areas) {
  const auto made = authority::make_bundle(authority_, *keys_.keys(), {node, code, areas, settings_.brokers, settings_.files}, clock_.now());
  return api::NewBoard{protocol::encode(made.bundle), made.signing_key, made.serial};
}

void App::take_key_set(const std::string& jws) {
  try {
    const auto taken = authority::import_keys(settings_.state, jws, std::nullopt);
    spdlog::warn("key set {} came from the broker, signed by the root: it is taken", taken.key_set.number);
    keys_.look();
  } catch (const std::exception& error) {
    spdlog::error("the higher key set on the broker cannot be taken: {}", error.what());
  }
  alarms_.look();
}

api::Found App::found() const {
  const auto& findings = broadcaster_.findings();
  api::Found found;
  found.key_set = broadcaster_.key_set().number;
  found.key_set_seen = std::max(found.key_set, broadcaster_.health().key_set_seen);
  found.whole = findings.whole();
  for (const auto& [id, one] : findings.occurrences())
    found.occurrences.push_back({one.id, one.broadcast, one.programme, one.title, one.cls, one.due, one.area, static_cast<std::int64_t>(one.nodes.size())});
  std::sort(found.occurrences.begin(), found.occurrences.end(), [](const auto& a, const auto& b) { return std::tie(a.due, a.id) < std::tie(b.due, b.id); });
  for (const auto& [area, snapshot] : findings.alerts()) found.alerts.insert(found.alerts.end(), snapshot.alerts.begin(), snapshot.alerts.end());
  return found;
}

std::vector<api::HealthCheck> App::health() const {
  const auto broadcasting = broadcaster_.health();
  const auto files = broker_files_.trouble();
  const auto store = watch_.trouble().empty() ? store_.trouble() : std::string("the database is damaged: see the log");
  return {{"hold", !broadcasting.on_hold, broadcasting.on_hold ? "on hold after a restore: nothing is published" : ""},
          {"store", store.empty(), store},
          {"broker", broadcasting.connected, broadcasting.connected ? "" : "no connection to the broker"},
          {"broker_files", files.empty(), files},
          {"clock", !broadcasting.clock_behind, broadcasting.clock_behind ? "the clock is behind the newest signed time: nothing is signed" : ""},
          {"signing", broadcasting.trouble.empty(), broadcasting.trouble},
          {"keys", keys_trouble().empty(), keys_trouble()},
          {"events", failures_.trouble().empty(), failures_.trouble()}};
}

std::vector<api::OpenAlarms> App::open_alarms() const {
  std::vector<api::OpenAlarms> open;
  for (const auto& [kind, count] : alarms_.open())
    if (count > 0) open.push_back({store::name_of(kind), count});
  return open;
}

void App::read_lifetimes() {
  const auto now = clock_.now();
  if (lifetimes_.empty() || now >= lifetimes_at_ + kLifetimesEvery) {
    lifetimes_ = authority::read_lifetimes({settings_.authority_folder(), settings_.tls_folder(), settings_.broker_folder(), settings_.broker.live_folder});
    lifetimes_at_ = now;
  }
}

Facts App::facts() {
  read_lifetimes();
  const auto now = clock_.now();
  Facts facts{now, broadcaster_.health(), broadcaster_.unheard(kNodeUnheard), broadcaster_.withheld(kWithheld), broadcaster_.lapsing(kNodeCertificateNotice), broker_files_.trouble(), failures_.trouble(), lifetimes_, broadcaster_.key_set(), keys_trouble()};
  facts.backup_trouble = backup_trouble(now);
  facts.store_trouble = watch_.trouble().empty() ? store_.trouble() : watch_.trouble();
  return facts;
}

std::string App::backup_trouble(scheduler::TimePoint now) const {
  auto installed = now;
  for (const auto& one : lifetimes_)
    if (one.name == "authority") installed = one.begins;
  return recovery::trouble_of_backups(recovery::read_stamp(settings_.state), installed, now, settings_.backup_alarm_after);
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

/// Everything of /metrics; only the refusals are asked of the store.
boost::asio::awaitable<std::vector<metrics::Family>> App::measure() {
  Measured measured;
  measured.refusals = co_await store_.run(store::sum_refusals);
  read_lifetimes();
  measured.now = clock_.now();
  for (const auto& check : health()) measured.checks.push_back({check.name, check.ok});
  measured.broadcasting = broadcaster_.figures();
  measured.open_alarms = alarms_.open();
  measured.store_waiting = store_.waiting();
  measured.jobs_waiting = jobs_.waiting();
  measured.jobs_running = jobs_.running();
  measured.lifetimes = lifetimes_;
  measured.keys = broadcaster_.key_set();
  measured.backup = recovery::read_stamp(settings_.state);
  measured.http_connections = server_->connections();
  measured.http = server_->counts();
  measured.transcoders = transcoders_.get();
  measured.speakers = speakers_.get();
  co_return figures_of(measured, own_process());
}

void App::listen_for_monitoring() {
  auto where = settings_.metrics;
  if (where.port == 0) return;
  const auto token = settings_.metrics_token.empty() ? std::string() : metrics::read_token(settings_.metrics_token);
  if (!boost::asio::ip::make_address(where.address).is_loopback()) where.tls = http_settings().tls;
  metrics_.emplace([this] { return measure(); }, token);
  metrics_server_.emplace(loop_.get_executor(), where, *metrics_);
  spdlog::info("figures for monitoring at {}:{}{}", where.address, where.port, token.empty() ? "" : ", with a token");
}

// The keys first: what a revoked one signed must not wait for certificates.
void App::take_keys(const KeyKeeper::Keys& keys) {
  broadcaster_.keys_changed(keys);
  try {
    follow_authority(keys->key_set);
    authority_trouble_.clear();
  } catch (const std::exception& error) {
    authority_trouble_ = error.what();
    spdlog::error("authority: {}", error.what());
  }
}

void App::follow_authority(const protocol::KeySet& keys) {
  if (!authority_.follow(keys.authorities)) return;
  spdlog::info("another certificate authority {}", authority_.is_followed() ? "makes the clients' certificates" : "is the only one");
  const auto own = own_certificate();
  broadcaster_.connect_as({own.certificate_pem, own.key_pem}, authority_.certificate_pem());
  broker_files_.nodes_changed();
  if (server_ && settings_.tls) server_->use(*http_settings().tls);
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
