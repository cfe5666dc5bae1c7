#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/refusal.hpp"

namespace loa::protocol {

/// A broker's address taken apart.
struct BrokerAddress {
  std::string host;  ///< DNS name or IP address, an IPv6 address without brackets
  std::uint16_t port = 0;
  bool operator==(const BrokerAddress&) const = default;
};

/// Reads `mqtts://host:port`, the port 1..65535 and needed, an IPv6 address in brackets; refuses anything else as malformed.
Result<BrokerAddress> parse_broker_address(std::string_view text);

/// The addresses that a link tries: it stays with one that works and goes on to the next after each failure. Pure.
class AddressRound {
 public:
  struct Target {
    std::string text;  ///< as it was given
    BrokerAddress address;
    bool operator==(const Target&) const = default;
  };
  /// `targets` is not empty.
  explicit AddressRound(std::vector<Target> targets) : targets_(std::move(targets)) {}

  const Target& present() const { return targets_[at_]; }
  /// The present one failed.
  void go_on() { at_ = (at_ + 1) % targets_.size(); }
  /// Other addresses: stays with the present one where it is still there, else begins with the first; an empty list changes nothing.
  void set(std::vector<Target> targets);

 private:
  std::vector<Target> targets_;
  std::size_t at_ = 0;
};

/// Those of `texts` that are addresses, in their order, each once.
std::vector<AddressRound::Target> read_targets(const std::vector<std::string>& texts);

}  // namespace loa::protocol
