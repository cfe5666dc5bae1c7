#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/refusal.hpp"

namespace loa::protocol {

/// The longest address of a stream in bytes: what a node asks for (less than kMaxUrl).
inline constexpr std::size_t kMaxStreamAddress = 2000;

/// The address of a relay or live stream taken apart.
struct StreamAddress {
  bool tls = true;          ///< https; otherwise plain http, which only a stream that is marked for it may have
  std::string host;         ///< lower-case name or IPv4 address, or an IPv6 address in its shortest spelling in brackets
  std::uint16_t port = 443;
  bool operator==(const StreamAddress&) const = default;
};

/// Reads an absolute `https://` or `http://` address of the characters of RFC 3986, with a host that can be read in one way only, without user,
/// password and fragment. Refuses anything else as malformed or too_large with one sentence. Pure: no name is looked up, nothing is asked.
Result<StreamAddress> parse_stream_address(std::string_view url);

}  // namespace loa::protocol
