#include "node-firmware/health.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/support/service_manager.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa::node;

namespace {

/// The service manager's end, and the variables that it gives this process.
struct Manager : loa::tests::ServiceManager {
  explicit Manager(const std::string& name) : ServiceManager(name) { ::setenv("NOTIFY_SOCKET", name.c_str(), 1); }
  ~Manager() {
    for (const char* variable : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(variable);
  }
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
