#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "scheduler/time.hpp"

namespace loa::authority {

/// How long something that the controller answers for still counts.
struct Lifetime {
  std::string name;           ///< `authority`, `broker`, `controller`, `https`, `crl`, `live_crl`
  scheduler::TimePoint begins;
  scheduler::TimePoint ends;
  std::chrono::hours notice;  ///< less left than this is a fault: it should have been made anew long ago
};

/// Where they lie.
struct LifetimePlaces {
  std::filesystem::path authority;    ///< folder of the certificate authority
  std::filesystem::path tls;          ///< folder of the controller's own certificates
  std::filesystem::path broker;       ///< folder of the broker's files as written
  std::filesystem::path live_broker;  ///< as the broker reads them
};

/// Those that are there and can be read, in the order above. Blocks on the disk for a few small files.
std::vector<Lifetime> read_lifetimes(const LifetimePlaces& places);

}  // namespace loa::authority
