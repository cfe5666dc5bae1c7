#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>

#include "node-firmware/downloader.hpp"

namespace loa::node {

struct CurlSettings {
  std::string ca_pem;                              ///< the bundle's CA; nothing else is trusted but what a Download names in its place
  std::string certificate_pem;                     ///< the node's own, where the server asks for one; may be empty
  std::string key_pem;
  bool plain_http_on_loopback = false;             ///< for tests and the demo behind a proxy
  std::chrono::milliseconds connect_limit{10000};
  std::chrono::seconds low_speed_time{30};         ///< given up when slower than `low_speed_bytes` a second for this long
  long low_speed_bytes = 200;
  std::chrono::milliseconds total_limit{std::chrono::hours(2)};
};

/// The real downloader: libcurl (TLS 1.2 or newer, no redirects, no proxy) on a thread of its own. A part is continued with
/// Range (RFC 9110, 14.2); the answer's total must be the plan's, and the hash of the whole says whether its beginning was
/// right, so that no entity tag is needed.
std::unique_ptr<Downloader> make_curl_downloader(boost::asio::any_io_executor executor, CurlSettings settings);

}  // namespace loa::node
