#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/test_tls.hpp"

namespace loa::tests {

/// One GET as the server saw it.
struct HttpRequest {
  std::string path;
  std::optional<std::size_t> range_from;  ///< of "Range: bytes=N-"
};

/// What the server is to do with one GET.
struct ServerAnswer {
  int status = 200;
  std::string body;
  bool ranges = true;                    ///< answers 206 where a range was asked for
  std::optional<std::size_t> cut_after;  ///< closes after so many bytes of the body
  bool silent = false;                   ///< sends the header, then nothing, and keeps the connection
  std::string location;
  std::string date;                      ///< as the header "Date" has it; empty: no such header
  std::string content_type = {};
  /// An endless body in place of `body`: asked every 20 ms for what to send next, which may be nothing; no value closes the connection.
  std::function<std::optional<std::string>()> more = {};
};

/// A small HTTP/1.1 server on a free loopback port, on a thread of its own, with faults to order.
class HttpServer {
 public:
  using Handler = std::function<ServerAnswer(const HttpRequest&)>;
  /// `handler` is called on the server's thread; with `tls` the server speaks HTTPS.
  explicit HttpServer(Handler handler, std::optional<TestTls> tls = {});
  ~HttpServer();

  /// `http://127.0.0.1:port` or `https://127.0.0.1:port`.
  std::string base() const;
  /// The requests so far. Any thread.
  std::vector<HttpRequest> requests() const;
  /// Used by the server's connections.
  ServerAnswer answer(const HttpRequest& request);

 private:
  void accept();

  Handler handler_;
  boost::asio::io_context loop_{1};
  std::optional<boost::asio::ssl::context> tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::thread thread_;
};

}  // namespace loa::tests
