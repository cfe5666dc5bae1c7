#pragma once
#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <thread>

namespace loa::tests {

/// A wire between a client and PostgreSQL that is cut at the worst moment: when the next `commit` is on its way, or when its answer is.
class CuttingRelay {
 public:
  enum class Cut { none, before_commit, after_commit };

  explicit CuttingRelay(std::uint16_t server) : x_server(server) {
    namespace asio = boost::asio;
    asio::co_spawn(x_loop, accept(), asio::detached);
    x_thread = std::thread([this] { x_loop.run(); });
  }
  ~CuttingRelay() {
    x_loop.stop();
    x_thread.join();
  }
  std::uint16_t port() const { return x_acceptor.local_endpoint().port(); }
  /// The next commit meets this.
  void cut(Cut next) { x_next = next; }
  int cuts() const { return x_cuts; }

 private:
  using Tcp = boost::asio::ip::tcp;
  struct Pair {
    Tcp::socket client, server;
    bool swallow = false;
    void close() {
      boost::system::error_code ignored;
      client.close(ignored);
      server.close(ignored);
    }
  };

  boost::asio::awaitable<void> accept() {
    namespace asio = boost::asio;
    for (;;) {
      auto pair = std::make_shared<Pair>(Pair{Tcp::socket(x_loop), Tcp::socket(x_loop)});
      co_await x_acceptor.async_accept(pair->client, asio::use_awaitable);
      boost::system::error_code refused;
      pair->server.connect({boost::asio::ip::address_v4::loopback(), x_server}, refused);
      if (refused) continue;
      asio::co_spawn(x_loop, up(pair), asio::detached);
      asio::co_spawn(x_loop, down(pair), asio::detached);
    }
  }

  static bool is_commit(const std::string& bytes) { return bytes.size() == 12 && bytes[0] == 'Q' && bytes.compare(5, 6, "commit") == 0; }

  boost::asio::awaitable<void> up(std::shared_ptr<Pair> pair) {
    namespace asio = boost::asio;
    std::array<char, 65536> buffer;
    try {
      for (;;) {
        const auto got = co_await pair->client.async_read_some(asio::buffer(buffer), asio::use_awaitable);
        const std::string bytes(buffer.data(), got);
        const auto cut = is_commit(bytes) ? x_next.exchange(Cut::none) : Cut::none;
        if (cut != Cut::none) ++x_cuts;
        if (cut == Cut::before_commit) break;
        pair->swallow = cut == Cut::after_commit;
        co_await asio::async_write(pair->server, asio::buffer(bytes), asio::use_awaitable);
      }
    } catch (const std::exception&) {  // one side has gone
    }
    pair->close();
  }

  boost::asio::awaitable<void> down(std::shared_ptr<Pair> pair) {
    namespace asio = boost::asio;
    std::array<char, 65536> buffer;
    try {
      for (;;) {
        const auto got = co_await pair->server.async_read_some(asio::buffer(buffer), asio::use_awaitable);
        if (pair->swallow) break;
        co_await asio::async_write(pair->client, asio::buffer(buffer.data(), got), asio::use_awaitable);
      }
    } catch (const std::exception&) {  // one side has gone
    }
    pair->close();
  }

  const std::uint16_t x_server;
  boost::asio::io_context x_loop{1};
  Tcp::acceptor x_acceptor{x_loop, {boost::asio::ip::address_v4::loopback(), 0}};
  std::atomic<Cut> x_next = Cut::none;
  std::atomic<int> x_cuts = 0;
  std::thread x_thread;
};

}  // namespace loa::tests
