#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "link_owner.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/netns.hpp"
#include "tests/support/temp_folder.hpp"

// A line that is cut without a word, while nobody has anything to say.

using namespace loa;
using namespace loa::tests;
using namespace std::chrono_literals;

namespace {

/// The thread that this is made in, and those that it begins meanwhile, are in the namespace.
class Inside {
 public:
  explicit Inside(const std::string& name) : home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    const int there = ::open(("/var/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(::setns(there, CLONE_NEWNET) == 0);
    ::close(there);
  }
  ~Inside() {
    ::setns(home_, CLONE_NEWNET);
    ::close(home_);
  }

 private:
  int home_;
};

struct AtACable {
  AtACable() {
    broker.start();
    settings = broker.link_settings("n-1");
    settings.keepalive = 600s;
    settings.resolve = [here = net.here()](const std::string&) { return std::vector<std::string>{here}; };
  }
  /// How long after the cut the session counted as over; nothing within `limit`.
  std::optional<std::chrono::duration<double>> found(std::chrono::milliseconds limit, bool closely = false) {
    LinkOwner node(loop, settings);
    {
      const Inside inside(net.run_inside().back());
      node.start();
    }
    REQUIRE(node.until([&] { return !node.sessions.empty(); }));
    REQUIRE(node.settle());
    node.link->watch(closely);
    CHECK_FALSE(node.until([&] { return !node.reasons.empty(); }, 3500ms));  // a whole line is left as it is
    net.cut();
    const auto cut = std::chrono::steady_clock::now();
    const bool over = node.until([&] { return !node.reasons.empty(); }, limit);
    const auto took = std::chrono::steady_clock::now() - cut;
    net.heal();
    if (!over) return std::nullopt;
    INFO(node.reasons[0]);
    CHECK(node.until([&] { return node.sessions.size() == 2; }, 20s));
    return took;
  }

  TempFolder folder;
  Netns net;
  Broker broker{folder.path(), {"n-1"}, "0.0.0.0"};
  boost::asio::io_context loop;
  protocol::LinkSettings settings;
};

}  // namespace

TEST_CASE("a line that is cut in silence is found by the kernel's probes, long before a ping") {
  if (const auto why = Netns::missing(); !why.empty()) {
    WARN("not run: " + why);
    return;
  }
  AtACable cable;
  SECTION("without them it is not") {
    CHECK_FALSE(cable.found(8s));
  }
  SECTION("with them, after the third that nobody answered") {
    cable.settings.probe = 2s;
    const auto took = cable.found(12s);
    REQUIRE(took);
    CHECK(took->count() > 2.5);
    CHECK(took->count() < 7);
  }
  SECTION("watched closely, sooner") {
    cable.settings.probe = 60s;
    cable.settings.probe_closely = 2s;
    const auto took = cable.found(12s, true);
    REQUIRE(took);
    CHECK(took->count() < 7);
  }
}
