#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "controller/store/session.hpp"
#include "protocol/clock.hpp"

namespace loa::store {

/// Thrown to the caller where the queue of its lane is full: answer "busy", nothing was done.
struct StoreBusy : std::runtime_error {
  StoreBusy() : std::runtime_error("the store is busy: its queue is full") {}
};

/// Thrown to the caller where the database cannot be reached: nothing was done, or what was begun is rolled back, unless the message
/// says that nobody knows.
struct StoreLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How long work waits for a connection that was lost, and how often it is tried.
struct ReconnectSettings {
  Millis patience{10'000};  ///< after a loss; then work fails at once with StoreLost, while the store goes on trying
  Millis every{500};
};

/// What waits for the store thread is taken in the order in which it came, urgent work before all usual work: for what lets an alert go out, be cancelled
/// or be signed. Work that was begun is never interrupted, so nothing may hold the thread for long: bulk work is cut into turns.
enum class Lane { urgent, usual };

/// Owns the database session and the one thread that uses it. Destroy it before the loop; what is queued is still done. Is the only
/// one that writes this database, as long as it lives (see Hold). A lost PostgreSQL connection is made anew; where another controller
/// had the database meanwhile, this one does no more work, because what it knows by heart is old.
class Store {
 public:
  /// Opens, migrates and holds the database (see open_session, Hold); `loop` is where awaiting coroutines go on; `queue_limit` is for each lane.
  Store(boost::asio::any_io_executor loop, const std::string& url, const protocol::Clock& clock,
        std::size_t queue_limit = 4096, ReconnectSettings reconnect = {});
  ~Store();

  /// Runs `work(Session&)` on the store thread and gives its result, or throws what it threw, on the awaiting coroutine.
  /// In a coroutine name a lambda that captures values before passing it: g++ 12 destroys a temporary one twice (gcc bug 107288).
  template <class F>
  auto run(F work, Lane lane = Lane::usual) -> boost::asio::awaitable<std::invoke_result_t<F, Session&>> {
    return answer(std::make_shared<Call<F, std::invoke_result_t<F, Session&>>>(std::move(work)), lane);
  }

  /// Runs `work(Transaction&)` in one transaction and commits it; rolled back where it throws or gives a
  /// value whose `has_error()` is true.
  template <class F>
  auto write(Actor actor, F work, Lane lane = Lane::usual) -> boost::asio::awaitable<std::invoke_result_t<F, Transaction&>> {
    return run(in_transaction(std::move(actor), std::move(work)), lane);
  }

  /// `run` for callers without a loop (tests, command line): blocks the calling thread, never the loop's.
  template <class F>
  auto run_sync(F work) -> std::invoke_result_t<F, Session&> {
    using R = std::invoke_result_t<F, Session&>;
    auto task = std::make_shared<std::packaged_task<R()>>(
        [this, work = std::move(work)]() mutable -> R { return with_session(work); });
    auto result = task->get_future();
    post([task] { (*task)(); });
    return result.get();
  }

  /// `write` for callers without a loop.
  template <class F>
  auto write_sync(Actor actor, F work) -> std::invoke_result_t<F, Transaction&> {
    return run_sync(in_transaction(std::move(actor), std::move(work)));
  }

  /// Empty where the database answers; otherwise one sentence for anyone, which names no machine. Any thread; does not ask the database.
  std::string trouble() const;

  /// Calls that wait for the store thread. Any thread.
  std::size_t waiting() const;

  const protocol::Clock& clock() const { return x_clock; }
  boost::asio::any_io_executor loop() const { return x_loop; }

 private:
  template <class F, class R>
  struct Call {
    explicit Call(F f) : work(std::move(f)) {}
    F work;
    std::optional<R> result;
    void operator()(Session& session) { result.emplace(work(session)); }
  };
  template <class F>
  struct Call<F, void> {
    explicit Call(F f) : work(std::move(f)) {}
    F work;
    void operator()(Session& session) { work(session); }
  };

  template <class F>
  auto in_transaction(Actor actor, F work) {
    return [this, actor = std::move(actor), work = std::move(work)](Session& session) mutable {
      Transaction transaction(session, actor, x_clock.now());
      using R = std::invoke_result_t<F, Transaction&>;
      if constexpr (std::is_void_v<R>) {
        work(transaction);
        transaction.commit();
        committed();
      } else {
        R result = work(transaction);
        bool refused = false;
        if constexpr (requires { result.has_error(); }) refused = result.has_error();
        if (!refused) {
          transaction.commit();
          committed();
        }
        return result;
      }
    };
  }

  using Job = std::function<void()>;

  template <class F>
  auto with_session(F& work) -> std::invoke_result_t<F&, Session&> {
    auto& open = session();
    try {
      return work(open);
    } catch (const std::exception& error) {
      throw_if_lost(error);
      throw;
    }
  }

  template <class F, class R>
  boost::asio::awaitable<R> answer(std::shared_ptr<Call<F, R>> call, Lane lane) {
    Job job = [this, call] { with_session(*call); };
    co_await enter(std::move(job), lane);
    if constexpr (!std::is_void_v<R>) co_return std::move(*call->result);
  }

  Session& session();
  void throw_if_lost(const std::exception& error);
  void committed();
  void post(Job job);
  boost::asio::awaitable<void> enter(Job job, Lane lane);

  struct Worker;
  boost::asio::any_io_executor x_loop;
  const protocol::Clock& x_clock;
  std::unique_ptr<Worker> x_worker;
};

}  // namespace loa::store
