#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace loa::http {

/// A bare TCP connection to the server, to send what no decent client would.
class RawClient {
 public:
  explicit RawClient(unsigned short port) : x_socket(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(x_socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  ~RawClient() { close(); }

  bool send(std::string_view bytes) { return ::send(x_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0; }
  void close() {
    if (x_socket >= 0) ::close(x_socket);
    x_socket = -1;
  }
  /// Everything until the server closes, or until `until` was seen, or until nothing came for ten seconds.
  std::string read(std::string_view until = {}) {
    std::string all;
    char chunk[4096];
    pollfd waiting{x_socket, POLLIN, 0};
    while (::poll(&waiting, 1, 10'000) > 0) {
      const auto got = ::recv(x_socket, chunk, sizeof chunk, 0);
      if (got <= 0) break;
      all.append(chunk, static_cast<std::size_t>(got));
      if (!until.empty() && all.find(until) != std::string::npos) break;
    }
    return all;
  }

 private:
  int x_socket;
};

}  // namespace loa::http
