#include "controller/store/store.hpp"

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

#include "controller/store/connection.hpp"

namespace loa::store {

struct Store::Worker {
  Connection connection;
  const std::size_t limit;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> urgent, usual;
  bool stopping = false;
  std::thread thread;

  Worker(const std::string& url, std::size_t queue_limit, ReconnectSettings reconnect)
      : connection(url, reconnect), limit(queue_limit) {
    thread = std::thread([this] { work(); });
  }
  ~Worker() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    thread.join();
  }

  bool post(Job&& job, Lane lane) {
    {
      const std::lock_guard lock(mutex);
      auto& queue = lane == Lane::urgent ? urgent : usual;
      if (queue.size() >= limit) return false;
      queue.push_back(std::move(job));
    }
    wake.notify_one();
    return true;
  }

  void work() {
    const auto look_every = connection.look_every();
    for (;;) {
      Job job;
      {
        std::unique_lock lock(mutex);
        const auto wanted = [this] { return stopping || !urgent.empty() || !usual.empty(); };
        if (!look_every)
          wake.wait(lock, wanted);
        else if (!wake.wait_for(lock, *look_every, wanted)) {
          lock.unlock();
          connection.look();
          continue;
        }
        auto& queue = urgent.empty() ? usual : urgent;
        if (queue.empty()) return;
        job = std::move(queue.front());
        queue.pop_front();
      }
      job();
    }
  }

  // Between two tries to connect; false where the store is to end.
  bool pause(Millis time) {
    std::unique_lock lock(mutex);
    return !wake.wait_for(lock, time, [this] { return stopping; });
  }
};

Store::Store(boost::asio::any_io_executor loop, const std::string& url, const protocol::Clock& clock,
             std::size_t queue_limit, ReconnectSettings reconnect)
    : x_loop(std::move(loop)), x_clock(clock), x_worker(std::make_unique<Worker>(url, queue_limit, reconnect)) {}

Store::~Store() = default;

std::string Store::trouble() const { return x_worker->connection.trouble(); }

Session& Store::session() {
  return x_worker->connection.session([this](Millis time) { return x_worker->pause(time); });
}

void Store::throw_if_lost(const std::exception& error) { x_worker->connection.throw_if_lost(error); }

std::size_t Store::waiting() const {
  const std::lock_guard lock(x_worker->mutex);
  return x_worker->urgent.size() + x_worker->usual.size();
}

void Store::committed() { x_worker->connection.note_commit(); }

void Store::post(Job job) {
  if (!x_worker->post(std::move(job), Lane::usual)) throw StoreBusy();
}

boost::asio::awaitable<void> Store::enter(Job job, Lane lane) {
  namespace asio = boost::asio;
  auto begin = [this, lane](auto handler, Job wanted) {
    // The loop counts this as work of its own, so that it does not end under the waiting coroutine.
    auto loop = asio::prefer(asio::get_associated_executor(handler, x_loop), asio::execution::outstanding_work.tracked);
    auto held = std::make_shared<decltype(handler)>(std::move(handler));
    auto finish = [loop, held](std::exception_ptr error) {
      asio::post(loop, asio::append(std::move(*held), error));
    };
    const bool taken = x_worker->post([wanted = std::move(wanted), finish] {
      std::exception_ptr error;
      try {
        wanted();
      } catch (...) {
        error = std::current_exception();
      }
      finish(error);
    }, lane);
    if (!taken) finish(std::make_exception_ptr(StoreBusy()));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(std::move(begin),
                                                                                       asio::use_awaitable, std::move(job));
}

}  // namespace loa::store
