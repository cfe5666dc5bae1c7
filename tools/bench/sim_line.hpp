#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/netns.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/bench/name_server.hpp"

namespace loa::bench {

/// Bytes of IP packets, headers and all, from and to the node.
struct Traffic {
  std::int64_t up = 0, down = 0;
  std::int64_t both() const { return up + down; }
  Traffic operator+(const Traffic& other) const { return {up + other.up, down + other.down}; }
  Traffic operator-(const Traffic& other) const { return {up - other.up, down - other.down}; }
  bool operator==(const Traffic&) const = default;
};

/// What went over the line, by the port of the far side; `other` is what belongs to none of them.
struct Counted {
  Traffic mqtt, https, dns, other;
  Traffic all() const { return mqtt + https + dns + other; }
  Counted operator-(const Counted& before) const { return {mqtt - before.mqtt, https - before.https, dns - before.dns, other - before.other}; }
};

/// The line of a node to its servers: a network namespace on one cable, on which the kernel counts every IPv4 packet as it would be on the
/// air (no offload joins segments). The servers' name is asked of a name server at the other end. Only root can make one.
class SimLine {
 public:
  static constexpr const char* kServers = "loa.test";

  SimLine();
  const std::string& here() const { return net_.here(); }
  /// What runs a program at the node's end.
  std::vector<std::string> run_inside() const;
  /// Counts from now on; at most once. Throws std::runtime_error with nft's own words.
  void count(std::uint16_t mqtt_port, std::uint16_t https_port);
  Counted counted() const;
  /// Waits until nothing has gone over the line for `quiet`; throws std::runtime_error where it never is within `limit`.
  void settle(std::chrono::seconds quiet, std::chrono::seconds limit = std::chrono::seconds(120)) const;
  /// Waits until something more goes over the line; throws std::runtime_error where nothing does within `limit`.
  void wait_for_more(std::chrono::seconds limit) const;

 private:
  tests::TempFolder folder_;
  tests::Netns net_;
  NameServer names_;
};

}  // namespace loa::bench
