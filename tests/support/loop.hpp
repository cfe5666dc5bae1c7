#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

namespace loa::tests {

/// Runs `loop` until `done` says true after an event; false where `limit` passed first.
inline bool run_until(boost::asio::io_context& loop, const std::function<bool()>& done,
                      std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  const auto work = boost::asio::make_work_guard(loop);
  loop.restart();
  while (!done()) {
    if (loop.run_one_until(end) == 0) return done();
  }
  return true;
}

}  // namespace loa::tests
