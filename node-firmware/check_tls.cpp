#include "node-firmware/check_tls.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>

#include "protocol/link_address.hpp"
#include "protocol/address_faults.hpp"
#include "protocol/link_resolve.hpp"

namespace loa::node {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

// TLS 1.3 tells a client whose certificate is refused only after its handshake; a broker that takes it waits for our first word.
constexpr auto kSecondThought = 1500ms;

struct Socket {
  int fd = -1;
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
};
struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

bool ready(int fd, short what, Steady::time_point by) {
  pollfd one{fd, what, 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(by - Steady::now());
  return ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(0, left.count()))) > 0;
}

/// Why no connection came about; nothing where it did.
std::optional<std::string> reach(Socket& socket, const boost::asio::ip::tcp::endpoint& to, Steady::time_point by) {
  socket.fd = ::socket(to.address().is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket.fd < 0) return std::strerror(errno);
  if (::connect(socket.fd, to.data(), static_cast<socklen_t>(to.size())) == 0) return std::nullopt;
  if (errno != EINPROGRESS) return std::strerror(errno);
  if (!ready(socket.fd, POLLOUT, by)) return "no answer in time";
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return std::strerror(error);
  return std::nullopt;
}

std::string why(SSL* ssl) {
  if (const long verified = SSL_get_verify_result(ssl); verified != X509_V_OK)
    return fmt::format("the broker's certificate is refused: {}", X509_verify_cert_error_string(verified));
  const auto error = protocol::take_ssl_error();
  return error.empty() ? "closed during the TLS handshake" : "TLS: " + error;
}

enum class Step { done, again, failed };

Step step(SSL* ssl, int fd, int result, Steady::time_point by) {
  if (result > 0) return Step::done;
  const int error = SSL_get_error(ssl, result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return Step::failed;
  return ready(fd, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, by) ? Step::again : Step::done;
}

std::optional<std::string> handshake(SSL* ssl, int fd, Steady::time_point by) {
  for (bool done = false; !done;) {
    ERR_clear_error();
    const int result = SSL_connect(ssl);
    switch (step(ssl, fd, result, by)) {
      case Step::failed: return why(ssl);
      case Step::done:
        if (result <= 0) return "no answer in time";
        done = true;
        break;
      case Step::again: break;
    }
  }
  char byte = 0;
  for (const auto until = std::min(by, Steady::now() + kSecondThought); Steady::now() < until;) {
    ERR_clear_error();
    const auto next = step(ssl, fd, SSL_peek(ssl, &byte, 1), until);
    if (next == Step::failed) return why(ssl);
    if (next == Step::done) break;
  }
  return std::nullopt;
}

std::optional<std::string> try_once(const protocol::BrokerAddress& address, const protocol::TlsIdentity& identity,
                                    std::optional<scheduler::TimePoint> time, Steady::time_point by, bool* dates) {
  protocol::AddressFaults faults;
  for (const auto& ip : protocol::resolve(address.host)) {
    Socket socket;
    if (const auto fault = reach(socket, {boost::asio::ip::make_address(ip), address.port}, by)) {
      faults.add(ip, *fault);
      continue;
    }
    const auto context = protocol::make_client_context(identity, address.host, time);
    const std::unique_ptr<SSL, FreeSsl> ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), socket.fd);
    if (ip != address.host) SSL_set_tlsext_host_name(ssl.get(), address.host.c_str());
    const auto fault = handshake(ssl.get(), socket.fd, by);
    const long verified = SSL_get_verify_result(ssl.get());
    *dates = verified == X509_V_ERR_CERT_HAS_EXPIRED || verified == X509_V_ERR_CERT_NOT_YET_VALID;
    return fault;
  }
  return faults.text();
}

}  // namespace

std::optional<std::string> try_tls(const std::string& broker, const protocol::TlsIdentity& identity, std::optional<scheduler::TimePoint> time,
                                   std::chrono::milliseconds limit) {
  const auto address = protocol::parse_broker_address(broker);
  if (!address) return address.error().message;
  const auto by = Steady::now() + limit;
  try {
    bool dates = false;
    auto fault = try_once(*address, identity, time, by, &dates);
    if (fault && dates && time) fault = try_once(*address, identity, std::nullopt, by, &dates);
    return fault;
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace loa::node
