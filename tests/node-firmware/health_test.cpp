#include "node-firmware/health.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "tests/support/temp_folder.hpp"

using namespace loa::node;

namespace {

/// The service manager's end: a datagram socket at `name`, and the variables that it gives its services.
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name[0] == '@') at.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), size) == 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~Manager() {
    ::close(fd_);
    for (const char* variable : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(variable);
  }
  /// What was said next, empty where nothing was.
  std::string heard() {
    char buffer[256];
    const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : "";
  }

 private:
  int fd_;
};

}  // namespace

TEST_CASE("the service manager is told of readiness, changed status and end, at a path or an abstract name") {
  const loa::tests::TempFolder folder;
  const bool abstract = GENERATE(false, true);
  CAPTURE(abstract);
  Manager manager(abstract ? "@loa-health-test-" + std::to_string(::getpid()) : (folder / "notify").string());
  Health health;
  health.ready();
  CHECK(manager.heard() == "READY=1");
  health.status("playing");
  health.status("playing");
  CHECK(manager.heard() == "STATUS=playing");
  CHECK(manager.heard().empty());
  health.stopping();
  CHECK(manager.heard() == "STOPPING=1");
}

TEST_CASE("the watchdog is fed at half its time, where one watches this process") {
  const loa::tests::TempFolder folder;
  Manager manager((folder / "notify").string());
  struct Row {
    const char* name;
    const char* microseconds;
    std::string process;
    bool watches;
  };
  const Row rows[] = {{"none", nullptr, "", false},
                      {"for any process", "10000000", "", true},
                      {"for this process", "10000000", std::to_string(::getpid()), true},
                      {"for another process", "10000000", "1", false},
                      {"zero", "0", "", false},
                      {"no number", "10 s", "", false},
                      {"larger than any number", "99999999999999999999", "", false}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    row.microseconds ? ::setenv("WATCHDOG_USEC", row.microseconds, 1) : ::unsetenv("WATCHDOG_USEC");
    row.process.empty() ? ::unsetenv("WATCHDOG_PID") : ::setenv("WATCHDOG_PID", row.process.c_str(), 1);
    Health health;
    const Monotonic now{std::chrono::seconds(100)};
    const auto next = health.feed(now);
    CHECK(next.has_value() == row.watches);
    CHECK(manager.heard() == (row.watches ? "WATCHDOG=1" : ""));
    if (!row.watches) continue;
    CHECK(*next == now + std::chrono::seconds(5));
    CHECK(health.feed(now + std::chrono::seconds(4)) == next);
    CHECK(manager.heard().empty());
  }
}

TEST_CASE(
    "without a service manager, or with a name that is no socket's, nothing is said and nothing fails") {
  for (const auto& name : {std::string(), std::string("relative"), std::string("/"),
                           "/" + std::string(200, 'x'), std::string("/nowhere/at-all")}) {
    CAPTURE(name);
    name.empty() ? ::unsetenv("NOTIFY_SOCKET") : ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    Health health;
    health.ready();
    health.status("idle");
    CHECK_FALSE(health.feed(Monotonic{}));
  }
  ::unsetenv("NOTIFY_SOCKET");
}
