#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/result.hpp>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "controller/store/sql.hpp"
#include "controller/store/store.hpp"
#include "tests/controller/store/fixture.hpp"
#include "tests/support/loop.hpp"

using namespace loa::store;
namespace asio = boost::asio;

namespace {

struct Office {
  loa::tests::TempFolder folder;
  loa::tests::FakeClock clock;
  asio::io_context loop;
  std::unique_ptr<Store> store =
      std::make_unique<Store>(loop.get_executor(), loa::tests::store_url(folder / "loa.db"), clock, 8);

  template <class F>
  void await(F coroutine) {
    std::exception_ptr error;
    asio::co_spawn(loop, std::move(coroutine), [&](std::exception_ptr thrown) { error = thrown; });
    loop.restart();
    loop.run();
    if (error) std::rethrow_exception(error);
  }
};

bool add_hue(Transaction& transaction) { return add_area(transaction, Province::area("hue", "", "46")); }

}  // namespace

TEST_CASE("a coroutine of the loop goes on there with the store's answer") {
  Office office;
  const auto loop_thread = std::this_thread::get_id();
  std::thread::id store_thread;
  bool added = false, there = false;
  office.await([&]() -> asio::awaitable<void> {
    added = co_await office.store->write(system_actor(), add_hue);
    there = co_await office.store->run([&](Session& session) {
      store_thread = std::this_thread::get_id();
      return find_area(session, "hue").has_value();
    });
    CHECK(std::this_thread::get_id() == loop_thread);
  });
  CHECK(added);
  CHECK(there);
  CHECK(store_thread != loop_thread);
}

TEST_CASE("what the work throws comes out of the await, and nothing of it is kept") {
  Office office;
  CHECK_THROWS_WITH(office.await([&]() -> asio::awaitable<void> {
    co_await office.store->write(system_actor(), [](Transaction& t) {
      add_hue(t);
      throw std::runtime_error("broken");
    });
  }),
                    "broken");
  CHECK_FALSE(office.store->run_sync([](Session& session) { return find_area(session, "hue"); }));
}

TEST_CASE("a refused result rolls back") {
  Office office;
  using Result = boost::system::result<int>;
  const auto result = office.store->write_sync(system_actor(), [](Transaction& t) -> Result {
    add_hue(t);
    return make_error_code(boost::system::errc::invalid_argument);
  });
  CHECK(result.has_error());
  CHECK_FALSE(office.store->run_sync([](Session& session) { return find_area(session, "hue"); }));
}

TEST_CASE("a full queue is said at once") {
  Office office;
  std::mutex gate;
  std::unique_lock closed(gate);
  std::atomic<int> done = 0;
  int busy = 0;
  const auto wait = [&](Session&) {
    const std::lock_guard pass(gate);
    ++done;
  };
  const auto ask = [&]() -> asio::awaitable<void> {
    try {
      co_await office.store->run(wait);
    } catch (const StoreBusy&) {
      if (++busy == 3) closed.unlock();
    }
  };
  for (int i = 0; i < 12; ++i) asio::co_spawn(office.loop, ask, asio::detached);
  CHECK(loa::tests::run_until(office.loop, [&] { return busy + done == 12; }));
  CHECK(busy >= 3);
  CHECK(done >= 8);
}

TEST_CASE("urgent work is taken before all usual work that waits, and a full usual queue refuses none of it") {
  Office office;
  std::mutex gate;
  std::unique_lock closed(gate);
  std::atomic<bool> begun = false;
  std::vector<std::string> order;  // of the store thread, read once all is done
  int done = 0, busy = 0;
  const auto ask = [&](std::string name, Lane lane) -> asio::awaitable<void> {
    auto work = [&, name](Session&) {
      if (name == "first") begun = true;
      const std::lock_guard pass(gate);
      order.push_back(name);
    };
    try {
      co_await office.store->run(std::move(work), lane);
      ++done;
    } catch (const StoreBusy&) {
      ++busy;
    }
  };
  asio::co_spawn(office.loop, ask("first", Lane::usual), asio::detached);
  REQUIRE(loa::tests::run_until(office.loop, [&] { return begun.load(); }));
  for (int i = 0; i < 9; ++i) asio::co_spawn(office.loop, ask("usual", Lane::usual), asio::detached);
  for (const auto* name : {"confirm", "sign"}) asio::co_spawn(office.loop, ask(name, Lane::urgent), asio::detached);
  REQUIRE(loa::tests::run_until(office.loop, [&] { return busy == 1; }));
  CHECK(office.store->waiting() == 10);
  closed.unlock();
  REQUIRE(loa::tests::run_until(office.loop, [&] { return done == 11; }));
  CHECK(std::vector<std::string>(order.begin(), order.begin() + 4) == std::vector<std::string>{"first", "confirm", "sign", "usual"});
}

TEST_CASE("what is queued is still done when the store goes") {
  Office office;
  for (int i = 0; i < 3; ++i)
    asio::co_spawn(office.loop,
                   [&office, i]() -> asio::awaitable<void> {
                     co_await office.store->write(system_actor(), [i](Transaction& t) {
                       return add_area(t, Province::area("a-" + std::to_string(i), "", ""));
                     });
                   },
                   asio::detached);
  office.loop.poll();
  office.store.reset();
  CHECK(list_areas(*open_session(loa::tests::store_url(office.folder / "loa.db"))).size() == 3);
}

TEST_CASE("a second controller on the same store is refused while the first lives") {
  Office office;
  const auto url = loa::tests::store_url(office.folder / "loa.db");
  CHECK_THROWS_WITH(Store(office.loop.get_executor(), url, office.clock), Catch::Contains("another controller uses"));
  office.store.reset();
  CHECK_NOTHROW(Store(office.loop.get_executor(), url, office.clock));
}

TEST_CASE("a newer program does not change the schema under a controller that runs") {
  Office office;
  office.store->run_sync([](Session& session) { sql::execute(session, "delete from schema_version"); });
  CHECK_THROWS_WITH(open_session(loa::tests::store_url(office.folder / "loa.db")), Catch::Contains("another controller uses"));
  CHECK(office.store->write_sync(system_actor(), add_hue));
}

TEST_CASE("a transaction in which a statement failed leaves nothing") {
  Office office;
  CHECK_THROWS(office.store->write_sync(system_actor(), [](Transaction& t) {
    add_hue(t);
    try {
      sql::execute(t.session(), "insert into grants (user_id, role, area) values ('nobody', 'admin', 'hue')");
    } catch (const std::exception&) {  // as no code should
      throw;
    }
  }));
  CHECK_FALSE(office.store->run_sync([](Session& session) { return find_area(session, "hue"); }));
  CHECK(office.store->write_sync(system_actor(), add_hue));
}
