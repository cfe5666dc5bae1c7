#include "protocol/link_backoff.hpp"

#include <catch2/catch.hpp>
#include <vector>

using loa::protocol::Backoff;
using namespace std::chrono_literals;

namespace {

// A step in the life of a link: an attempt that failed, or a session that lasted so long.
struct Row {
  const char* name;
  std::vector<std::chrono::milliseconds> sessions;  // 0: the attempt failed
  std::chrono::milliseconds bound;                  // of the delay that follows
};

const Row kRows[] = {
    {"first failure", {}, 1s},
    {"one failure before", {0s}, 2s},
    {"four failures before", {0s, 0s, 0s, 0s}, 16s},
    {"the cap holds", {0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s, 0s}, 60s},
    {"a session dropped at once counts as a failure", {0s, 0s, 1ms}, 8s},
    {"a session just too short counts as a failure", {0s, 0s, 59'999ms}, 8s},
    {"a stable session starts anew", {0s, 0s, 0s, 60s}, 2s},
    {"sessions dropped at once, again and again", {1ms, 1ms, 1ms, 1ms, 1ms}, 32s},
};

}  // namespace

TEST_CASE("the bound of the delay doubles until the cap and falls only after a stable session") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    Backoff backoff(1s, 60s, 60s);
    for (const auto lasted : row.sessions) {
      if (lasted > 0ms) backoff.session_lasted(lasted);
      backoff.next(0.5);
    }
    CHECK(backoff.bound() == row.bound);
  }
}

TEST_CASE("the delay is drawn evenly from nothing to the bound") {
  CHECK(Backoff(1s, 60s, 60s).next(0.0) == 0ms);
  CHECK(Backoff(1s, 60s, 60s).next(0.25) == 250ms);
  CHECK(Backoff(1s, 60s, 60s).next(0.999) == 999ms);
  Backoff capped(1s, 5s, 60s);
  for (int i = 0; i < 100; ++i) capped.next(0.999);
  CHECK(capped.next(0.5) == 2500ms);
}

TEST_CASE("a base above the cap is the cap") { CHECK(Backoff(10s, 2s, 60s).bound() == 2s); }
