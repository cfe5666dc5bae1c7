#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "node-firmware/check.hpp"

// How the lines of `loa-node check` come about, without a board.

using namespace loa;
using namespace std::chrono_literals;

TEST_CASE("a probe that gives no answer costs its own line and its own time") {
  std::mutex mutex;
  std::condition_variable over;
  bool let_go = false, ended = false;
  const std::vector<node::Probe> probes{
      {"first", 1s, [] { return node::Finding{true, "well"}; }, ""},
      {"stuck", 50ms,
       [&] {
         std::unique_lock lock(mutex);
         over.wait(lock, [&] { return let_go; });
         ended = true;
         over.notify_all();
         return node::Finding{true, "too late"};
       },
       "pull the plug"},
      {"broken", 1s, []() -> node::Finding { throw std::runtime_error("a wheel\nfell off"); }, ""},
  };
  std::vector<std::string> lines;
  bool left_behind = false;
  CHECK_FALSE(node::examine(probes, [&](const std::string& line) { lines.push_back(line); }, &left_behind));
  CHECK(left_behind);
  CHECK(lines == std::vector<std::string>{"first   ok   well", "stuck   FIX  no answer in 1 s: pull the plug", "broken  FIX  a wheel fell off"});
  std::unique_lock lock(mutex);
  let_go = true;
  over.notify_all();
  over.wait(lock, [&] { return ended; });
}
