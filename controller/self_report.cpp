#include "controller/self_report.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <tuple>

#include "controller/recovery/stamp.hpp"
#include "controller/store/receipts.hpp"

namespace loa::controller {

namespace {

constexpr std::chrono::minutes kLifetimesEvery{10};

/// When the newest authority's key was written; nothing where there is one authority.
std::optional<scheduler::TimePoint> authority_begun(const std::filesystem::path& folder) {
  struct stat key {};
  if (::stat((folder / "next/ca.key").c_str(), &key) != 0) return std::nullopt;
  return scheduler::from_ms(std::int64_t{key.st_mtim.tv_sec} * 1000);
}

}  // namespace

std::vector<api::HealthCheck> SelfReport::health() const {
  const auto broadcasting = parts_.broadcaster.health();
  const auto files = parts_.broker_files.trouble();
  const auto store = parts_.watch.trouble().empty() ? parts_.store.trouble() : std::string("the database is damaged: see the log");
  const auto keys = parts_.keys_trouble();
  const auto& events = parts_.failures.trouble();
  return {{"hold", !broadcasting.on_hold, broadcasting.on_hold ? "on hold after a restore: nothing is published" : ""},
          {"store", store.empty(), store},
          {"broker", broadcasting.connected, broadcasting.connected ? "" : "no connection to the broker"},
          {"broker_files", files.empty(), files},
          {"clock", !broadcasting.clock_behind, broadcasting.clock_behind ? "the clock is behind the newest signed time: nothing is signed" : ""},
          {"signing", broadcasting.trouble.empty(), broadcasting.trouble},
          {"keys", keys.empty(), keys},
          {"events", events.empty(), events}};
}

std::vector<api::OpenAlarms> SelfReport::open_alarms() const {
  std::vector<api::OpenAlarms> open;
  for (const auto& [kind, count] : parts_.alarms.open())
    if (count > 0) open.push_back({store::name_of(kind), count});
  return open;
}

api::Found SelfReport::found() const {
  const auto& findings = parts_.broadcaster.findings();
  api::Found found;
  found.key_set = parts_.broadcaster.key_set().number;
  found.key_set_seen = std::max(found.key_set, parts_.broadcaster.health().key_set_seen);
  found.whole = findings.whole();
  for (const auto& [id, one] : findings.occurrences())
    found.occurrences.push_back({one.id, one.broadcast, one.programme, one.title, one.cls, one.due, one.area, static_cast<std::int64_t>(one.nodes.size())});
  std::sort(found.occurrences.begin(), found.occurrences.end(), [](const auto& a, const auto& b) { return std::tie(a.due, a.id) < std::tie(b.due, b.id); });
  for (const auto& [area, snapshot] : findings.alerts()) found.alerts.insert(found.alerts.end(), snapshot.alerts.begin(), snapshot.alerts.end());
  return found;
}

void SelfReport::read_lifetimes() {
  const auto now = parts_.clock.now();
  if (!lifetimes_.empty() && now < lifetimes_at_ + kLifetimesEvery && now >= lifetimes_at_) return;
  const auto& settings = parts_.settings;
  lifetimes_ = authority::read_lifetimes({settings.authority_folder(), settings.tls_folder(), settings.broker_folder(), settings.broker.live_folder});
  lifetimes_at_ = now;
}

Facts SelfReport::facts() {
  read_lifetimes();
  const auto now = parts_.clock.now();
  const auto& broadcaster = parts_.broadcaster;
  Facts facts;
  facts.now = now;
  facts.broadcasting = broadcaster.health();
  facts.unheard = broadcaster.unheard(kNodeUnheard);
  facts.withheld = broadcaster.withheld(kWithheld);
  facts.lapsing = broadcaster.lapsing(kNodeCertificateNotice);
  facts.files_trouble = parts_.broker_files.trouble();
  facts.events_trouble = parts_.failures.trouble();
  facts.lifetimes = lifetimes_;
  facts.keys = broadcaster.key_set();
  facts.keys_trouble = parts_.keys_trouble();
  facts.key_set_refused = parts_.key_set_refused();
  facts.backup_trouble = backup_trouble(now);
  facts.store_trouble = store_trouble();
  return facts;
}

std::string SelfReport::store_trouble() const {
  return parts_.watch.trouble().empty() ? parts_.store.trouble() : parts_.watch.trouble();
}

std::string SelfReport::backup_trouble(scheduler::TimePoint now) const {
  auto installed = now;
  for (const auto& one : lifetimes_)
    if (one.name == "authority") installed = one.begins;
  return recovery::trouble_of_backups(recovery::read_stamp(parts_.settings.state), installed, now, parts_.settings.backup_alarm_after,
                                      authority_begun(parts_.settings.authority_folder()));
}

boost::asio::awaitable<std::vector<metrics::Family>> SelfReport::measure() {
  Measured measured;
  measured.refusals = co_await parts_.store.run(store::sum_refusals);
  read_lifetimes();
  measured.now = parts_.clock.now();
  for (const auto& check : health()) measured.checks.push_back({check.name, check.ok});
  measured.broadcasting = parts_.broadcaster.figures();
  measured.open_alarms = parts_.alarms.open();
  measured.store_waiting = parts_.store.waiting();
  measured.jobs_waiting = parts_.jobs.waiting();
  measured.jobs_running = parts_.jobs.running();
  measured.lifetimes = lifetimes_;
  measured.keys = parts_.broadcaster.key_set();
  measured.backup = recovery::read_stamp(parts_.settings.state);
  if (const auto* server = parts_.server()) {
    measured.http_connections = server->connections();
    measured.http = server->counts();
  }
  measured.transcoders = &parts_.transcoders;
  measured.speakers = &parts_.speakers;
  co_return figures_of(measured, own_process());
}

}  // namespace loa::controller
