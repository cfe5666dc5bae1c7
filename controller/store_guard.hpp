#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>

#include "controller/settings.hpp"
#include "controller/store/store.hpp"

namespace loa::controller {

/// The database's file cannot be served: one sentence with what is wrong and what to do. Nothing was changed.
struct StoreDamaged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Exit code for it: EX_IOERR; the service manager does not start the controller again, a person must act.
inline constexpr int kExitStoreDamaged = 74;

/// What a state folder remembers of the database that was served from it, in `served-store`, so that one that came back older, lost what
/// was written last, or went missing is noticed.
class ServedStore {
 public:
  /// Before anything opens the database: throws StoreDamaged where it is missing or empty although it was served before, or damaged (find_damage; of
  /// a SQLite file only).
  explicit ServedStore(const Settings& settings);
  /// The store is open: counts this run in both. Where the database is older than what was served, or its write-ahead log is gone after a run
  /// that did not end in order, a recovery hold begins (store::begin_recovery_hold), and why is logged.
  void begin_run(store::Store& store);
  /// The database is closed in order, also where the controller could not be made after begin_run: a log that is gone then means nothing.
  void end_run() const;

 private:
  void keep(const char* word) const;
  std::filesystem::path x_file;
  std::int64_t x_runs = 0;     ///< of the folder
  bool x_open = false;         ///< the last run did not end in order
  bool x_log_is_gone = false;
  bool x_begun = false;
};

/// Looks through the SQLite file of a running controller once a day, on a thread of its own. On the loop.
class StoreWatch {
 public:
  StoreWatch(boost::asio::any_io_executor loop, const Settings& settings);
  ~StoreWatch();
  void start(std::chrono::milliseconds period = std::chrono::hours(24));
  void stop() { x_timer.cancel(); }
  /// What was found last; empty where nothing was.
  const std::string& trouble() const { return x_trouble; }
  /// Looks now; `done` is called on the loop.
  void look(std::function<void()> done = {});

 private:
  boost::asio::any_io_executor x_loop;
  std::filesystem::path x_file;  ///< empty: not on SQLite
  boost::asio::steady_timer x_timer;
  boost::asio::thread_pool x_thread{1};
  std::shared_ptr<char> x_alive = std::make_shared<char>();
  bool x_looking = false;
  std::string x_trouble;
};

}  // namespace loa::controller
