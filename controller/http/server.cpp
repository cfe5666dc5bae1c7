#include "controller/http/server.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <algorithm>
#include <stdexcept>

#include "controller/http/address_key.hpp"
#include "controller/http/connection.hpp"

namespace loa::http {
namespace asio = boost::asio;
using asio::ip::tcp;

struct Server::Listener {
  explicit Listener(asio::any_io_executor loop) : acceptor(loop) {}
  tcp::acceptor acceptor;
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  bool stopped = false;

  bool welcome(const tcp::socket& socket);
  static asio::awaitable<void> accept(std::shared_ptr<Listener> self);
};

namespace {

std::unique_ptr<asio::ssl::context> make_tls(const TlsFiles& files) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  context->set_options(SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | asio::ssl::context::no_sslv2 | asio::ssl::context::no_sslv3 |
                       asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 |
                       asio::ssl::context::default_workarounds);
  // With TLS 1.2 only what keeps yesterday's talk secret and is authenticated as a whole (RFC 7525 section 4.2); 1.3 has nothing else.
  if (::SSL_CTX_set_cipher_list(context->native_handle(), "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
    throw std::invalid_argument("OpenSSL has none of the ciphers that are wanted");
  context->use_certificate_chain_file(files.certificate.string());
  context->use_private_key_file(files.key.string(), asio::ssl::context::pem);
  return context;
}

}  // namespace

/// False where the connection is one too many, of all or of its address; it is closed without a word, since a word costs more.
bool Server::Listener::welcome(const tcp::socket& socket) {
  const auto& limits = shared->settings.limits;
  if (shared->open.size() >= limits.connections) {
    ++shared->counts.refused_full;
    return false;
  }
  boost::system::error_code error;
  const auto address = socket.remote_endpoint(error).address();
  if (error) return false;
  const auto& proxies = shared->settings.trusted_proxies;
  if (std::find(proxies.begin(), proxies.end(), address.to_string()) != proxies.end()) return true;
  const auto open = shared->of_address.find(address_key(address));
  if (open == shared->of_address.end() || open->second < limits.connections_an_address) return true;
  ++shared->counts.refused_address;
  return false;
}

asio::awaitable<void> Server::Listener::accept(std::shared_ptr<Listener> self) {
  asio::steady_timer pause(self->acceptor.get_executor());
  while (!self->stopped) {
    auto [error, socket] = co_await self->acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    if (self->stopped || error == asio::error::operation_aborted) break;
    if (error) {
      // Out of file descriptors: the ones in use will come free, and asking at once would only spin.
      spdlog::warn("cannot accept a connection: {}", error.message());
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
      continue;
    }
    if (!self->welcome(socket)) continue;
    start_connection(self->shared, std::move(socket));
  }
}

Server::Server(asio::any_io_executor loop, ServerSettings settings, Handler& handler)
    : x_listener(std::make_shared<Listener>(loop)) {
  const auto address = asio::ip::make_address(settings.address);
  auto& shared = *x_listener->shared;
  shared.loopback = address.is_loopback();
  if (!settings.tls && !shared.loopback && settings.trusted_proxies.empty())
    throw std::invalid_argument("plain HTTP on " + settings.address +
                                " needs a trusted proxy: name one, give a certificate, or listen on loopback");
  if (settings.tls) shared.tls = make_tls(*settings.tls);
  const tcp::endpoint endpoint(address, settings.port);
  shared.settings = std::move(settings);
  shared.handler = &handler;
  auto& acceptor = x_listener->acceptor;
  acceptor.open(endpoint.protocol());
  acceptor.set_option(tcp::acceptor::reuse_address(true));
  acceptor.bind(endpoint);
  acceptor.listen();
  asio::co_spawn(loop, Listener::accept(x_listener), asio::detached);
}

Server::~Server() { stop(); }

unsigned short Server::port() const { return x_listener->acceptor.local_endpoint().port(); }

void Server::use(const TlsFiles& files) { x_listener->shared->tls = make_tls(files); }

std::size_t Server::connections() const { return x_listener->shared->open.size(); }

Counts Server::counts() const { return x_listener->shared->counts; }

void Server::stop() {
  x_listener->stopped = true;
  boost::system::error_code ignored;
  x_listener->acceptor.close(ignored);
  for (auto* connection : x_listener->shared->open) connection->close();
}

}  // namespace loa::http
