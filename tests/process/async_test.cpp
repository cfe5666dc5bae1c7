#include "process/async.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <optional>

using namespace loa::process;
using namespace std::chrono_literals;

TEST_CASE("an asynchronous child tells its lines and then its end on the loop") {
  boost::asio::io_context loop;
  auto work = boost::asio::make_work_guard(loop);
  std::vector<std::string> lines;
  std::optional<Outcome> done;
  const auto here = std::this_thread::get_id();
  Child child(
      loop.get_executor(), {.argv = {"/bin/sh", "-c", "echo a; echo b"}}, {},
      [&](Outcome outcome) {
        CHECK(std::this_thread::get_id() == here);
        CHECK(lines.size() == 2);
        done = std::move(outcome);
        work.reset();
      },
      [&](std::string line) { lines.push_back(std::move(line)); });
  loop.run_for(20s);
  REQUIRE(done);
  CHECK(done->ok());
  CHECK(lines == std::vector<std::string>{"a", "b"});
}

TEST_CASE("an asynchronous child can be cancelled") {
  boost::asio::io_context loop;
  auto work = boost::asio::make_work_guard(loop);
  std::optional<Outcome> done;
  Child child(loop.get_executor(), {.argv = {"sleep", "60"}}, {}, [&](Outcome outcome) {
    done = std::move(outcome);
    work.reset();
  });
  child.cancel();
  loop.run_for(20s);
  REQUIRE(done);
  CHECK(done->end == End::cancelled);
}

TEST_CASE("a destroyed child calls nobody") {
  boost::asio::io_context loop;
  bool called = false;
  {
    Child child(loop.get_executor(), {.argv = {"sleep", "60"}}, {}, [&](Outcome) { called = true; });
  }
  loop.run_for(1s);
  CHECK_FALSE(called);
}
