#include "tests/support/slow_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <string>
#include <system_error>
#include <utility>

namespace loa::tests {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kLook = 5ms;
constexpr std::size_t kMostQueued = 256 * 1024;

sockaddr_in address_of(const std::string& address, std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  return to;
}

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// Bytes on their way in one direction, each with the moment from which on it may arrive.
class Way {
 public:
  Way(int from, int to, std::atomic<std::int64_t>& counted) : from_(from), to_(to), counted_(counted) {}

  bool wants_more() const { return !ended_ && queued_ < kMostQueued; }
  bool over() const { return ended_ && waiting_.empty(); }
  std::int64_t given() const { return given_; }

  /// Takes what is there; false where the connection broke.
  bool take(std::chrono::milliseconds delay) {
    char bytes[4096];
    const auto got = ::recv(from_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) {
      ended_ = true;
      return true;
    }
    waiting_.push_back({Steady::now() + delay, std::string(bytes, static_cast<std::size_t>(got))});
    queued_ += static_cast<std::size_t>(got);
    return true;
  }
  /// Gives on what is due, at most `rate` bytes a second; false where the connection broke.
  bool give(std::int64_t rate) {
    const auto now = Steady::now();
    auto allowed = static_cast<std::int64_t>(kMostQueued);
    if (rate > 0) {
      credit_ = std::min<double>(credit_ + std::chrono::duration<double>(now - last_).count() * static_cast<double>(rate), static_cast<double>(rate) / 5 + 64);
      allowed = static_cast<std::int64_t>(credit_);
    }
    last_ = now;
    while (!waiting_.empty() && waiting_.front().due <= now && allowed > 0) {
      auto& bytes = waiting_.front().bytes;
      const auto wrote = ::send(to_, bytes.data(), std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(allowed)), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (wrote < 0) return errno == EAGAIN || errno == EINTR;
      allowed -= wrote;
      if (rate > 0) credit_ -= static_cast<double>(wrote);
      given_ += wrote;
      counted_ += wrote;
      queued_ -= static_cast<std::size_t>(wrote);
      bytes.erase(0, static_cast<std::size_t>(wrote));
      if (bytes.empty()) waiting_.pop_front();
    }
    if (over() && !closed_) {
      closed_ = true;
      ::shutdown(to_, SHUT_WR);
    }
    return true;
  }

 private:
  struct Piece {
    Steady::time_point due;
    std::string bytes;
  };
  int from_, to_;
  std::atomic<std::int64_t>& counted_;
  std::deque<Piece> waiting_;
  std::size_t queued_ = 0;
  std::int64_t given_ = 0;
  double credit_ = 0;
  Steady::time_point last_ = Steady::now();
  bool ended_ = false, closed_ = false;
};

}  // namespace

struct SlowProxy::Line {
  int client = -1, server = -1;
  std::atomic<bool> cut{false}, frozen{false};
  ~Line() {
    if (client >= 0) ::close(client);
    if (server >= 0) ::close(server);
  }
};

SlowProxy::SlowProxy(std::uint16_t server_port, std::string address, std::uint16_t port)
    : server_port_(server_port), address_(std::move(address)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto own = address_of(address_, port);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0 || ::listen(listener_, 64) != 0) fail("the proxy cannot listen");
  socklen_t size = sizeof own;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&own), &size);
  port_ = ntohs(own.sin_port);
  thread_ = std::thread([this] { accept(); });
}

SlowProxy::~SlowProxy() {
  ending_ = true;
  thread_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

SlowProxy::Rules SlowProxy::rules() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

void SlowProxy::obey(const Rules& rules) {
  const std::lock_guard lock(mutex_);
  rules_ = rules;
}

void SlowProxy::cut() {
  const std::lock_guard lock(mutex_);
  for (auto& line : lines_) line->cut = true;
}

void SlowProxy::freeze() {
  const std::lock_guard lock(mutex_);
  for (auto& line : lines_) line->frozen = true;
}

void SlowProxy::accept() {
  while (!ending_) {
    pollfd look{listener_, POLLIN, 0};
    if (::poll(&look, 1, 20) <= 0) continue;
    auto line = std::make_shared<Line>();
    line->client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (line->client < 0) continue;
    ++connections_;
    const auto now = rules();
    if (now.drop_new) continue;
    line->frozen = now.hold_new;
    const std::lock_guard lock(mutex_);
    std::erase_if(lines_, [](const auto& one) { return one.use_count() == 1; });
    lines_.push_back(line);
    threads_.emplace_back([this, line] { serve(line); });
  }
}

void SlowProxy::serve(const std::shared_ptr<Line>& line) {
  line->server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto to = address_of(address_, server_port_);
  if (::connect(line->server, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    ::shutdown(line->client, SHUT_RDWR);
    return;
  }
  const int on = 1;
  for (const int fd : {line->client, line->server}) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Way down(line->server, line->client, to_client_), up(line->client, line->server, to_server_);
  while (!ending_ && !line->cut && !(down.over() && up.over())) {
    const auto now = rules();
    if (line->frozen) {
      std::this_thread::sleep_for(kLook);
      continue;
    }
    pollfd looks[2] = {{line->client, static_cast<short>(up.wants_more() ? POLLIN : 0), 0},
                       {line->server, static_cast<short>(down.wants_more() ? POLLIN : 0), 0}};
    ::poll(looks, 2, static_cast<int>(kLook.count()));
    if ((looks[0].revents & (POLLIN | POLLHUP)) && up.wants_more() && !up.take(now.delay)) break;
    if ((looks[1].revents & (POLLIN | POLLHUP)) && down.wants_more() && !down.take(now.delay)) break;
    if (!now.hold_to_server && !up.give(0)) break;
    if (!now.hold_to_client && !down.give(now.rate)) break;
    if (now.cut_after > 0 && down.given() >= now.cut_after) break;
    // A hangup that both ways have seen would make poll() return at once for ever.
    if (!up.wants_more() || !down.wants_more()) std::this_thread::sleep_for(1ms);
  }
  for (const int fd : {line->client, line->server}) ::shutdown(fd, SHUT_RDWR);
}

}  // namespace loa::tests
