#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/authority/lifetimes.hpp"
#include "controller/broadcast/figures.hpp"
#include "controller/http/server.hpp"
#include "controller/metrics/family.hpp"
#include "controller/recovery/stamp.hpp"
#include "controller/store/alarms.hpp"
#include "process/tally.hpp"
#include "protocol/messages.hpp"

namespace loa::controller {

/// One of the controller's own checks, as /healthz has them.
struct Check {
  std::string name;  ///< `store`, `broker`, …
  bool good = true;
};

/// What monitoring is told, gathered at one moment.
struct Measured {
  scheduler::TimePoint now;
  std::vector<Check> checks;
  broadcast::Figures broadcasting;
  std::map<store::AlarmKind, std::int64_t> open_alarms;
  std::map<std::string, std::int64_t> refusals;  ///< messages of nodes that were not taken, by code, over all time
  std::size_t store_waiting = 0, jobs_waiting = 0, jobs_running = 0;
  std::vector<authority::Lifetime> lifetimes;
  protocol::KeySet keys;
  std::optional<recovery::Stamp> backup;  ///< nothing where no backup is known
  std::size_t http_connections = 0;
  http::Counts http;
  const process::Tally* transcoders = nullptr;
  const process::Tally* speakers = nullptr;
};

/// What a process knows of itself, from /proc; what cannot be read is left at zero.
struct OwnProcess {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double open_files = 0;
  double started = 0;  ///< Unix seconds
};
OwnProcess own_process();

/// The families of /metrics. A pure function; every label is a word of ours, so that the number of series is bounded (docs/operations.md
/// lists them).
std::vector<metrics::Family> figures_of(const Measured& measured, const OwnProcess& process);

}  // namespace loa::controller
