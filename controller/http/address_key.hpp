#pragma once
#include <boost/asio/ip/address.hpp>
#include <string>

namespace loa::http {

/// What a client is counted by: an IPv4 address, or the first 64 bits of an IPv6 one, since whoever has one has them all.
std::string address_key(const boost::asio::ip::address& address);
/// The same of a written address; text that is none is its own key.
std::string address_key(const std::string& address);

}  // namespace loa::http
