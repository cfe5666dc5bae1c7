#pragma once
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace loa::tests {

/// The service manager's end of sd_notify(3): a datagram socket at `name`, a path or "@abstract".
class ServiceManager {
 public:
  explicit ServiceManager(const std::string& name) : name_(name), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (name.size() >= sizeof at.sun_path) throw std::runtime_error("too long for a socket: " + name);
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name[0] == '@') at.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&at), size) != 0) throw std::runtime_error("no socket at " + name);
  }
  ~ServiceManager() { ::close(fd_); }
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  /// For the service's environment.
  std::string environment() const { return "NOTIFY_SOCKET=" + name_; }
  /// What was said next, empty where nothing was.
  std::string heard() {
    char buffer[1024];
    const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : "";
  }
  /// The newest `STATUS=` of what was said up to now, without that word; the one before where nothing came.
  const std::string& status() {
    for (auto said = heard(); !said.empty(); said = heard())
      if (said.starts_with("STATUS=")) status_ = said.substr(7);
    return status_;
  }

 private:
  std::string name_;
  int fd_;
  std::string status_;
};

}  // namespace loa::tests
