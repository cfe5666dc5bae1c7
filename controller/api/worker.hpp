#pragma once
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace loa::api {

/// Thrown where too much slow work waits already: answer "busy".
struct WorkerBusy : std::runtime_error {
  WorkerBusy() : std::runtime_error("too much slow work is waiting") {}
};

/// For whom slow work is done.
enum class WorkFor {
  known,     ///< who is signed in, has a one-time link, or has signed in on this device before
  stranger,  ///< anybody else
};

/// One thread for what would hold the loop up (password hashes, lists of voices), with a bounded queue. Strangers never take all of it: who
/// is known gets a place however many of them there are.
class Worker {
 public:
  static constexpr int kMostWaiting = 32;
  static constexpr int kMostOfStrangers = 24;

  /// Runs `work()` on the worker's thread and gives its result on the awaiting coroutine's executor.
  template <class F>
  auto run(F work, WorkFor whom = WorkFor::known) -> boost::asio::awaitable<std::invoke_result_t<F>> {
    if (x_waiting >= (whom == WorkFor::known ? kMostWaiting : kMostOfStrangers)) throw WorkerBusy();
    ++x_waiting;
    auto task = perform(this, std::move(work));
    co_return co_await boost::asio::co_spawn(x_pool, std::move(task), boost::asio::use_awaitable);
  }

  ~Worker() { x_pool.join(); }

 private:
  template <class F>
  static auto perform(Worker* self, F work) -> boost::asio::awaitable<std::invoke_result_t<F>> {
    const Leave leave{self->x_waiting};
    co_return work();
  }
  struct Leave {
    std::atomic<int>& waiting;
    ~Leave() { --waiting; }
  };

  std::atomic<int> x_waiting = 0;
  boost::asio::thread_pool x_pool{1};
};

}  // namespace loa::api
