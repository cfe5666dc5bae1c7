#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "controller/authority/broker_set.hpp"
#include "process/run.hpp"
#include "scheduler/time.hpp"

namespace loa::authority {

/// What is wrong with the set of broker files, as one sentence; nothing where it may go live. Looks at `ready`
/// (complete, digests equal), the CRLs (one by each CA, not expired), the server certificate and key (by one of the CAs, belonging
/// together, not expired) and that the controller keeps its rights. Pure.
std::optional<std::string> check_broker_files(const BrokerSet& set, scheduler::TimePoint now);
/// The same for the set in `folder`, which is read once (read_broker_set); what keeps it from being read is wrong with it too.
std::optional<std::string> check_broker_files(const std::filesystem::path& folder, scheduler::TimePoint now);

/// How a set is tried.
struct BrokerTrial {
  std::filesystem::path mosquitto;           ///< the program, or a name looked up in PATH
  std::filesystem::path live;                ///< the folder that the configuration names
  std::filesystem::path scratch;             ///< where copies of the files lie, and the trial's own are written
  std::optional<process::Account> account;   ///< who the program runs as; nothing: as we do
  std::chrono::milliseconds limit{10000};
};

/// Starts mosquitto with the configuration and files in `scratch`, on a free loopback port and without persistence; what it says when
/// it does not come up within the limit, or nothing. mosquitto takes a broken ACL or CRL at a reload for none at all, but refuses to
/// start with one.
std::optional<std::string> try_broker(const BrokerTrial& trial);

}  // namespace loa::authority
