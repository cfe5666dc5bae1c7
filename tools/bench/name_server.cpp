#include "tools/bench/name_server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

namespace loa::bench {

namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kTypeAndClass = 4;

/// The name of the one question, with dots; moves `at` behind it.
std::string name_in(std::string_view packet, std::size_t& at) {
  std::string name;
  while (at < packet.size() && packet[at] != 0) {
    const auto length = static_cast<unsigned char>(packet[at]);
    name += (name.empty() ? "" : ".") + std::string(packet.substr(at + 1, length));
    at += 1U + length;
  }
  ++at;
  return name;
}

}  // namespace

NameServer::NameServer(std::string name, const std::string& address) : name_(std::move(name)), address_(4, '\0') {
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_port = htons(53);
  if (::inet_pton(AF_INET, address.c_str(), &own.sin_addr) != 1) throw std::system_error(EINVAL, std::generic_category(), address);
  address_.assign(reinterpret_cast<const char*>(&own.sin_addr), 4);
  socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0 || ::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
    const int why = errno;
    if (socket_ >= 0) ::close(socket_);
    throw std::system_error(why, std::generic_category(), "a name server at " + address);
  }
  thread_ = std::thread([this] { serve(); });
}

NameServer::~NameServer() {
  ending_ = true;
  thread_.join();
  ::close(socket_);
}

std::string NameServer::answer(const std::string& question) const {
  if (question.size() < kHeader) return {};
  std::size_t at = kHeader;
  const bool known = name_in(question, at) == name_;
  if (at + kTypeAndClass > question.size()) return {};
  const bool wants_ipv4 = question[at] == 0 && question[at + 1] == 1;
  const bool has = known && wants_ipv4;
  std::string reply = question.substr(0, 2) + std::string{'\x81', static_cast<char>(known ? '\x80' : '\x83'), 0, 1, 0, static_cast<char>(has ? 1 : 0), 0, 0, 0, 0};
  reply += question.substr(kHeader, at + kTypeAndClass - kHeader);
  // The name by a pointer to the question, type A, class IN, a time to live of 60 s, four bytes.
  if (has) reply += std::string{'\xc0', '\x0c', 0, 1, 0, 1, 0, 0, 0, 60, 0, 4} + address_;
  return reply;
}

void NameServer::serve() {
  std::array<char, 1500> packet;
  while (!ending_) {
    pollfd file{socket_, POLLIN, 0};
    if (::poll(&file, 1, 200) <= 0) continue;
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const auto got = ::recvfrom(socket_, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (got <= 0) continue;
    const auto reply = answer(std::string(packet.data(), static_cast<std::size_t>(got)));
    if (!reply.empty()) ::sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&from), length);
  }
}

}  // namespace loa::bench
