#pragma once
#include <string>
#include <vector>

namespace loa::protocol {

/// The IP addresses that a host has, as text, in the order in which getaddrinfo (RFC 6724) would try them, at most kMostAddresses; an IP address leads to
/// itself. Throws std::runtime_error naming the host where it leads to none. Blocks on the system's resolver.
std::vector<std::string> resolve(const std::string& host);

inline constexpr std::size_t kMostAddresses = 8;

}  // namespace loa::protocol
