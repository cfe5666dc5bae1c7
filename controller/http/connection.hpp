#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "controller/http/server.hpp"

namespace loa::http {

/// An open connection, as the server sees it.
class OpenConnection {
 public:
  virtual ~OpenConnection() = default;
  /// Ends it at once; what waits on it fails.
  virtual void close() = 0;
};

/// What all connections of one server share; on the loop only.
struct Shared {
  ServerSettings settings;
  Handler* handler = nullptr;
  bool loopback = false;                             ///< the server listens on a loopback address
  std::unique_ptr<boost::asio::ssl::context> tls;    ///< null: plain
  std::set<OpenConnection*> open;
  std::map<std::string, std::size_t> of_address;  ///< open connections by address_key; no entry is zero
  Counts counts;
};

/// Serves requests on `socket` until either side ends it; never throws.
void start_connection(std::shared_ptr<Shared> shared, boost::asio::ip::tcp::socket socket);

}  // namespace loa::http
