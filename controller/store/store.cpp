#include "controller/store/store.hpp"

#include <soci/soci.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace loa::store {

struct Store::Worker {
  std::unique_ptr<Session> session;
  const std::size_t limit;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> queue;
  bool stopping = false;
  std::thread thread;

  Worker(std::unique_ptr<Session> s, std::size_t queue_limit) : session(std::move(s)), limit(queue_limit) {
    thread = std::thread([this] { work(); });
  }
  ~Worker() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_one();
    thread.join();
  }

  bool post(Job&& job) {
    {
      const std::lock_guard lock(mutex);
      if (queue.size() >= limit) return false;
      queue.push_back(std::move(job));
    }
    wake.notify_one();
    return true;
  }

  void work() {
    for (;;) {
      Job job;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [this] { return stopping || !queue.empty(); });
        if (queue.empty()) return;
        job = std::move(queue.front());
        queue.pop_front();
      }
      job(*session);
    }
  }
};

Store::Store(boost::asio::any_io_executor loop, const std::string& url, const protocol::Clock& clock,
             std::size_t queue_limit)
    : x_loop(std::move(loop)), x_clock(clock), x_worker(std::make_unique<Worker>(open_session(url), queue_limit)) {}

Store::~Store() = default;

void Store::post(Job job) {
  if (!x_worker->post(std::move(job))) throw StoreBusy();
}

boost::asio::awaitable<void> Store::enter(Job job) {
  namespace asio = boost::asio;
  auto begin = [this](auto handler, Job wanted) {
    // The loop counts this as work of its own, so that it does not end under the waiting coroutine.
    auto loop = asio::prefer(asio::get_associated_executor(handler, x_loop), asio::execution::outstanding_work.tracked);
    auto held = std::make_shared<decltype(handler)>(std::move(handler));
    auto finish = [loop, held](std::exception_ptr error) {
      asio::post(loop, asio::append(std::move(*held), error));
    };
    const bool taken = x_worker->post([wanted = std::move(wanted), finish](Session& session) {
      std::exception_ptr error;
      try {
        wanted(session);
      } catch (...) {
        error = std::current_exception();
      }
      finish(error);
    });
    if (!taken) finish(std::make_exception_ptr(StoreBusy()));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(std::move(begin),
                                                                                       asio::use_awaitable, std::move(job));
}

}  // namespace loa::store
