#pragma once
#include <cstdint>
#include <string>
#include <string_view>

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

}  // namespace loa::protocol
