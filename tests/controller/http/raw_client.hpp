#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

namespace loa::http {

/// A bare TCP connection to the server, to send what no decent client would.
class RawClient {
 public:
  /// From 127.0.0.1, or from another address of the loopback network.
  explicit RawClient(unsigned short port, const char* from = nullptr) : x_socket(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (from) {
      sockaddr_in own{};
      own.sin_family = AF_INET;
      ::inet_pton(AF_INET, from, &own.sin_addr);
      ::bind(x_socket, reinterpret_cast<const sockaddr*>(&own), sizeof own);
    }
    // Little room for what is not read yet, so that the other side notices a slow reader soon.
    const int room = 16 << 10;
    ::setsockopt(x_socket, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
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
  /// Takes one byte if one is there.
  void read_byte() {
    char byte = 0;
    [[maybe_unused]] const auto got = ::recv(x_socket, &byte, 1, MSG_DONTWAIT);
  }
  /// Lets the time pass that a slow client lets pass; ends early when the server closes.
  void pause(std::chrono::milliseconds time) {
    pollfd waiting{x_socket, POLLRDHUP, 0};
    ::poll(&waiting, 1, static_cast<int>(time.count()));
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
