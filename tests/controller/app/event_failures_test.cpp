#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "controller/event_failures.hpp"
#include "tests/support/fake_clock.hpp"

using namespace loa;
using namespace loa::controller;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  boost::asio::io_context loop;
  tests::FakeClock clock;
  EventFailures failures;
  int asked_to_end = 0;

  void fail() {
    boost::asio::post(loop, [] { throw std::runtime_error("the secret of hue"); });
  }
  bool run() {
    loop.restart();
    return run_events(loop, failures, clock, [this] { ++asked_to_end; });
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "an event that fails does not keep the others from being done, and is told with its time") {
  CHECK(failures.trouble().empty());
  bool done = false;
  fail();
  boost::asio::post(loop, [&] { done = true; });
  CHECK_FALSE(run());
  CHECK(done);
  CHECK(failures.trouble() == "1 events failed since the start, the last at " + scheduler::to_rfc3339(clock.now()) + ": see the log");
  CHECK_THAT(failures.trouble(), !Catch::Contains("secret"));
}

TEST_CASE_METHOD(Fixture, "the program is asked once to end when events keep failing, and is heard out") {
  bool said_farewell = false;
  for (std::size_t i = 0; i < 2 * EventFailures::kMost; ++i) fail();
  boost::asio::post(loop, [&] { said_farewell = true; });
  CHECK(run());
  CHECK(asked_to_end == 1);
  CHECK(said_farewell);
}

TEST_CASE_METHOD(Fixture, "what is thrown that is no exception counts too") {
  boost::asio::post(loop, [] { throw 7; });
  CHECK_FALSE(run());
  CHECK_THAT(failures.trouble(), Catch::StartsWith("1 events failed"));
}

TEST_CASE("failures are too many by how close they are") {
  struct Row {
    const char* name;
    std::chrono::milliseconds apart;
    bool too_many;
  };
  const auto row = GENERATE(Row{"a tick that always fails", 250ms, true}, Row{"five within a minute", 15s, true},
                            Row{"five in more than a minute", 15001ms, false}, Row{"one an hour", 1h, false});
  CAPTURE(row.name);
  EventFailures failures;
  const tests::FakeClock clock;
  EventFailures::Steady at{1h};
  bool too_many = false;
  for (std::size_t i = 0; i < EventFailures::kMost; ++i) {
    CHECK_FALSE(too_many);
    too_many = failures.note(at += row.apart, clock.now());
  }
  CHECK(too_many == row.too_many);
  CHECK(failures.note(at += row.apart, clock.now()) == row.too_many);
}
