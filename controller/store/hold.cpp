#include "controller/store/hold.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <thread>

#include "controller/store/postgresql.hpp"

namespace loa::store {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 3s;  // a server needs a moment to notice that its client was killed
constexpr auto kTryEvery = 100ms;

bool patiently(const std::function<bool()>& take) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!take()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(kTryEvery);
  }
  return true;
}

int open_lock(const std::string& file) {
  const int opened = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (opened < 0) throw std::runtime_error(fmt::format("store: cannot open {}: {}", file, std::strerror(errno)));
  return opened;
}

}  // namespace

Hold::Hold(Session& session, const DatabaseUrl& url) {
  if (url.kind == DatabaseUrl::Kind::postgresql) {
    x_session = &session;
    if (patiently([&] { return postgresql::try_hold(session); })) return;
    throw std::runtime_error(fmt::format("store: another controller uses {}: {}", url.shown, postgresql::holder(session)));
  }
  x_file = open_lock(url.target + ".lock");
  if (patiently([this] { return ::flock(x_file, LOCK_EX | LOCK_NB) == 0; })) return;
  ::close(x_file);
  throw std::runtime_error(fmt::format("store: another controller uses {}", url.shown));
}

Hold::~Hold() {
  if (x_file >= 0) ::close(x_file);
  if (x_session) postgresql::let_go(*x_session);
}

}  // namespace loa::store
