#include "node-firmware/health.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace loa::node {

namespace {

// The protocol of sd_notify(3) is one datagram; libsystemd would bring six more libraries into the node's memory.
void notify(const std::string& what) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  sockaddr_un to{};
  const auto length = name ? std::strlen(name) : 0;
  if (length < 2 || length >= sizeof to.sun_path || (name[0] != '/' && name[0] != '@')) return;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, name, length);
  if (name[0] == '@') to.sun_path[0] = '\0';  // the abstract namespace, see unix(7)
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // Whether anybody reads it is the service manager's concern: it acts on what does not come.
  [[maybe_unused]] const auto sent =
      ::sendto(fd, what.data(), what.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size);
  ::close(fd);
}

template <class Number>
std::optional<Number> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  Number number{};
  if (!text) return std::nullopt;
  const auto* end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

/// As sd_watchdog_enabled(3): only where it is meant for this process.
std::optional<std::chrono::microseconds> watchdog_time() {
  const auto microseconds = number_in<std::int64_t>("WATCHDOG_USEC");
  if (!microseconds || *microseconds <= 0) return std::nullopt;
  if (std::getenv("WATCHDOG_PID") && number_in<pid_t>("WATCHDOG_PID") != ::getpid()) return std::nullopt;
  return std::chrono::microseconds(*microseconds);
}

}  // namespace

Health::Health() : watchdog_(watchdog_time()) {}

void Health::ready() { notify("READY=1"); }
void Health::stopping() { notify("STOPPING=1"); }

void Health::status(const std::string& line) {
  if (line == status_) return;
  status_ = line;
  notify("STATUS=" + line);
}

std::optional<Monotonic> Health::feed(Monotonic now) {
  if (!watchdog_) return std::nullopt;
  if (now >= next_) {
    notify("WATCHDOG=1");
    next_ = now + *watchdog_ / 2;
  }
  return next_;
}

std::string operating_system() {
  std::ifstream in("/etc/os-release");
  constexpr std::string_view kKey = "PRETTY_NAME=";
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(kKey)) continue;
    auto name = line.substr(kKey.size());
    if (name.size() >= 2 && name.front() == '"') name = name.substr(1, name.size() - 2);
    return name;
  }
  return {};
}

}  // namespace loa::node
