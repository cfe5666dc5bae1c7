#include "controller/http/address_key.hpp"

#include <algorithm>

namespace loa::http {
namespace asio = boost::asio;

std::string address_key(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return asio::ip::make_address_v6(bytes).to_string();
}

std::string address_key(const std::string& address) {
  boost::system::error_code error;
  const auto read = asio::ip::make_address(address, error);
  return error ? address : address_key(read);
}

}  // namespace loa::http
