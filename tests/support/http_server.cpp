#include "tests/support/http_server.hpp"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>

namespace loa::tests {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using TlsStream = asio::ssl::stream<tcp::socket>;

HttpRequest parse(const std::string& head) {
  HttpRequest request;
  const auto from = head.find(' ') + 1;
  request.path = head.substr(from, head.find(' ', from) - from);
  if (const auto range = head.find("Range: bytes="); range != std::string::npos)
    request.range_from = std::stoull(head.substr(range + 13));
  return request;
}

std::string head_of(const ServerAnswer& answer, const HttpRequest& request) {
  const std::string type = answer.content_type.empty() ? "" : "Content-Type: " + answer.content_type + "\r\n";
  if (answer.more) return fmt::format("HTTP/1.1 {} X\r\n{}\r\n", answer.status, type);
  const bool part = answer.status == 200 && answer.ranges && request.range_from;
  const std::string date = answer.date.empty() ? "" : "Date: " + answer.date + "\r\n";
  if (!part) {
    const std::string location = (answer.location.empty() ? "" : "Location: " + answer.location + "\r\n") + date;
    return fmt::format("HTTP/1.1 {} X\r\n{}{}Content-Length: {}\r\n\r\n", answer.status, location, type, answer.body.size());
  }
  if (*request.range_from >= answer.body.size())
    return fmt::format("HTTP/1.1 416 X\r\nContent-Range: bytes */{}\r\nContent-Length: 0\r\n\r\n", answer.body.size());
  return fmt::format("HTTP/1.1 206 X\r\n{}Content-Range: bytes {}-{}/{}\r\nContent-Length: {}\r\n\r\n", date, *request.range_from,
                     answer.body.size() - 1, answer.body.size(), answer.body.size() - *request.range_from);
}

template <class Stream>
asio::awaitable<void> send_without_end(Stream& stream, const ServerAnswer& answer) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (const auto some = answer.more()) {
    if (!some->empty()) co_await asio::async_write(stream, asio::buffer(*some), asio::use_awaitable);
    timer.expires_after(std::chrono::milliseconds(20));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

template <class Stream>
asio::awaitable<void> serve(std::shared_ptr<Stream> stream, HttpServer* server) {
  std::string buffer;
  while (true) {
    const auto size = co_await asio::async_read_until(*stream, asio::dynamic_buffer(buffer, 64 * 1024), "\r\n\r\n",
                                                      asio::use_awaitable);
    const HttpRequest request = parse(buffer.substr(0, size));
    buffer.erase(0, size);
    const ServerAnswer answer = server->answer(request);
    co_await asio::async_write(*stream, asio::buffer(head_of(answer, request)), asio::use_awaitable);
    if (answer.silent) continue;
    if (answer.more) {
      co_await send_without_end(*stream, answer);
      co_return;
    }
    std::string body = answer.body;
    if (answer.ranges && request.range_from) body.erase(0, *request.range_from);
    if (answer.cut_after && *answer.cut_after < body.size()) body.resize(*answer.cut_after);
    co_await asio::async_write(*stream, asio::buffer(body), asio::use_awaitable);
    if (answer.cut_after) co_return;
  }
}

asio::awaitable<void> shake_and_serve(std::shared_ptr<TlsStream> stream, HttpServer* server) {
  co_await stream->async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
  co_await serve(stream, server);
}

}  // namespace

HttpServer::HttpServer(Handler handler, std::optional<TestTls> tls)
    : handler_(std::move(handler)), acceptor_(loop_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
  if (tls) {
    tls_.emplace(asio::ssl::context::tls_server);
    tls_->use_certificate_chain(asio::buffer(tls->certificate_pem));
    tls_->use_private_key(asio::buffer(tls->key_pem), asio::ssl::context::pem);
  }
  accept();
  thread_ = std::thread([this] { loop_.run(); });
}

HttpServer::~HttpServer() {
  loop_.stop();
  thread_.join();
}

std::string HttpServer::base() const {
  return fmt::format("{}://127.0.0.1:{}", tls_ ? "https" : "http", acceptor_.local_endpoint().port());
}

std::vector<HttpRequest> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

ServerAnswer HttpServer::answer(const HttpRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  return handler_(request);
}

void HttpServer::accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
    if (error) return;
    if (tls_) {
      asio::co_spawn(loop_, shake_and_serve(std::make_shared<TlsStream>(std::move(socket), *tls_), this), asio::detached);
    } else {
      asio::co_spawn(loop_, serve(std::make_shared<tcp::socket>(std::move(socket)), this), asio::detached);
    }
    accept();
  });
}

}  // namespace loa::tests
