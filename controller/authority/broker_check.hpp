#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "scheduler/time.hpp"

namespace loa::authority {

/// What is wrong with the set of broker files in `folder`, as one sentence; nothing where it may go live. Looks at `ready`
/// (complete, digests equal), the CRLs (one by each CA, not expired), the server certificate and key (by one of the CAs, belonging
/// together, not expired) and that the controller keeps its rights. Blocks on the disk only.
std::optional<std::string> check_broker_files(const std::filesystem::path& folder, scheduler::TimePoint now);

/// Starts `mosquitto` with the set's configuration and the copies of its files that lie in `scratch`, on a free loopback port
/// and without persistence; what it says when it does not come up within `limit`, or nothing. mosquitto takes a broken ACL or
/// CRL at a reload for none at all, but refuses to start with one. `live` is the folder that the configuration names.
std::optional<std::string> try_broker(const std::filesystem::path& mosquitto, const std::filesystem::path& folder,
                                      const std::filesystem::path& live, const std::filesystem::path& scratch,
                                      std::chrono::milliseconds limit);

}  // namespace loa::authority
