#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "controller/alarm_keeper.hpp"
#include "controller/api/hooks.hpp"
#include "controller/broadcast/broadcaster.hpp"
#include "controller/broker_keeper.hpp"
#include "controller/conditions.hpp"
#include "controller/event_failures.hpp"
#include "controller/figures.hpp"
#include "controller/media/jobs.hpp"
#include "controller/settings.hpp"
#include "controller/store_guard.hpp"

namespace loa::controller {

/// What the controller says of itself, gathered from its parts: checks for /healthz, facts for the alarms, figures for /metrics, and what a
/// hold found. On the loop; the parts outlive it.
class SelfReport {
 public:
  struct Parts {
    const Settings& settings;
    const protocol::Clock& clock;
    store::Store& store;
    const broadcast::Broadcaster& broadcaster;
    const BrokerKeeper& broker_files;
    const EventFailures& failures;
    const StoreWatch& watch;
    const AlarmKeeper& alarms;
    const media::Jobs& jobs;
    const process::Tally& transcoders;
    const process::Tally& speakers;
    std::function<std::string()> keys_trouble;     ///< why keys or authority are not what they should be, empty where they are
    std::function<std::string()> key_set_refused;  ///< why a higher key set could not be taken, empty where none was refused
    std::function<const http::Server*()> server;   ///< nullptr before it listens
  };
  explicit SelfReport(Parts parts) : parts_(std::move(parts)) {}

  std::vector<api::HealthCheck> health() const;
  std::vector<api::OpenAlarms> open_alarms() const;
  api::Found found() const;
  /// Blocks on the disk for a few small files, at most every ten minutes.
  Facts facts();
  /// Only the refusals are asked of the store.
  boost::asio::awaitable<std::vector<metrics::Family>> measure();

 private:
  void read_lifetimes();
  std::string backup_trouble(scheduler::TimePoint now) const;
  std::string store_trouble() const;

  Parts parts_;
  std::vector<authority::Lifetime> lifetimes_;
  scheduler::TimePoint lifetimes_at_;
};

}  // namespace loa::controller
