#pragma once
#include <atomic>
#include <chrono>
#include <deque>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <mutex>
#include <thread>

#include "controller/api/api.hpp"
#include "tests/support/api_things.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::api {

/// A clock that any thread reads and the test sets: Wednesday 2026-11-25T01:00:00Z, eight in the morning in Huế, at first.
class TestClock final : public protocol::Clock {
 public:
  scheduler::TimePoint now() const override { return scheduler::from_ms(x_ms); }
  void tick(scheduler::Millis by) { x_ms += by.count(); }

 private:
  std::atomic<std::int64_t> x_ms{1'795'568'400'000};
};

/// What the api asked of the rest of the controller.
struct HookCalls {
  std::mutex mutex;
  std::vector<std::string> planned_areas;
  std::vector<std::string> planned_nodes;
  std::vector<protocol::Order> orders;
  std::vector<std::string> alerts;
  std::vector<std::string> changed_nodes;
  std::vector<std::string> refused_boards;
  int holds_ended = 0;
  std::vector<media::Source> jobs;
  std::vector<std::string> finished_jobs;
};

/// The api on a real server and a real database, with hooks that only note what they are asked. The tree: hue above hue-a and hue-b;
/// a node and every kind of thing in hue-a; in hue-b one node and the user `stranger` with all roles there. Users: root (admin of
/// hue), author, approver, monitor and admin of hue-a. Every password is kPassword.
class TestApi {
 public:
  static constexpr const char* kPassword = tests::kApiPassword;

  explicit TestApi(std::vector<store::Role> second_factor_for = {}, bool passwords_by_admin = true,
                   std::chrono::milliseconds speech_patience = std::chrono::minutes(1));
  ~TestApi();

  /// Signed in as `user`.
  tests::HttpClient client(const std::string& user);
  /// Not signed in.
  tests::HttpClient anyone() { return tests::HttpClient(base()); }
  std::string base() const { return "http://127.0.0.1:" + std::to_string(port); }

  /// Writes to the store behind the api's back.
  template <class F>
  auto write(F work) {
    return x_store->write_sync(store::Actor{"u-" + std::string(26, 'a'), ""}, std::move(work));
  }
  /// Runs `work` on the loop and waits for it.
  void on_loop(std::function<void()> work);
  /// Waits until `holds`, asking the loop between; false after ten seconds.
  bool eventually(const std::function<bool()>& holds);
  /// Gives the oldest job that was held back (finish_jobs) its clip, and lets go of it.
  void finish_job();
  /// How many confirmations wait for the speech of their alert.
  std::size_t waiting_for_speech();
  /// Does what a controller does that starts on the same store.
  void start_another();
  /// Approves a programme with a clip of `seconds` behind the api's back; its id.
  std::string approved_programme(const std::string& area, const std::string& title, int seconds = 60);

  tests::TempFolder folder;
  TestClock clock;
  HookCalls calls;
  unsigned short port = 0;
  std::function<void()> meanwhile;  ///< done while keys of a new board are made
  std::string broker_deaf;  ///< why the broker was not told of what changed; empty: it was
  Found found;  ///< what a controller on hold would have found
  std::function<void()> while_listing_voices;  ///< runs on the worker: as long as it lasts, no password is looked at
  std::optional<media::Problem> job_problem;  ///< why no job is taken; empty: they are
  bool finish_jobs = true;  ///< jobs end at once with a clip; otherwise they are held back

  // Things in hue-a:
  std::string node, other_node, user_author, user_admin, programme, draft, broadcast, alert, alert_token, job, stream, alarm;
  std::string token_id, token;  ///< of a machine that may read:records of hue-a, made by `admin`
  std::string unbound_alarm;  ///< of no branch

 private:
  Hooks hooks();
  void fill();
  std::optional<media::Problem> start_job(media::Job work);
  static void finish(const media::Job& work);

  boost::asio::io_context x_loop;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> x_work{x_loop.get_executor()};
  std::unique_ptr<store::Store> x_store;
  std::unique_ptr<Api> x_api;
  std::unique_ptr<http::Server> x_server;
  std::deque<media::Job> x_held;  ///< on the loop
  std::thread x_thread;
};

}  // namespace loa::api
