#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "controller/media/make_clip.hpp"

namespace loa::media {

/// One piece of work as the page sees it.
struct JobState {
  enum class Phase { waiting, running };
  Phase phase = Phase::waiting;
  int percent = 0;        ///< 0 to 100 while running
  std::size_t ahead = 0;  ///< jobs that come before it while waiting
};

/// What to make, under an id of the caller's (random_id("j")); the callbacks come on the loop, `on_done` last
/// and exactly once, never from inside a call of Jobs.
struct Job {
  std::string id;
  Source source;
  std::function<void(int percent)> on_progress;  ///< only when the percent has changed; may be empty
  std::function<void(Result<Clip>)>
      on_done;  ///< the clip, already in the store, or why not (`cancelled` too)
  bool urgent = false;  ///< goes before all that are not, and does not wait for those that run
};

/// The bounded queue of clip making: `at_once` jobs at a time, and `urgent_at_once` urgent ones beside them, each on a
/// thread of its own around one child process; the rest wait in order. It survives nothing: the api writes a job's row before start() and marks
/// rows left over as failed
/// (`interrupted`) at the next start. Made, used and destroyed on the loop; the destructor cancels what runs,
/// waits a moment for the children to go, and calls nobody any more.
///
/// What the api calls: store.work_file(".upload") and write the body there; start({id, Upload{file}, …}) or
/// start({id, Speech{…}, …}); find(id) for GET of a job; cancel(id); and in on_done it writes the clip's row
/// (sha256, bytes, duration_ms, lufs, …) or the problem's code and message.
class Jobs {
 public:
  struct Bounds {
    std::size_t at_once = 1;
    std::size_t urgent_at_once = 2;
    std::size_t waiting = 32;  ///< more are refused as `queue_full`; so many urgent ones besides
  };

  Jobs(boost::asio::any_io_executor loop, ClipStore& store, const tts::Registry& synthesizers,
       MediaSettings settings, Bounds bounds);
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  /// Takes the job, or refuses it (`queue_full`) without calling back; a refused upload's file stays with the
  /// caller. An id that is already there is a bug (std::logic_error).
  std::optional<Problem> start(Job job);
  /// False when there is no such job (it may just have ended); otherwise on_done brings `cancelled` soon.
  bool cancel(const std::string& id);
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t running() const { return running_.size(); }
  /// Nothing when the job has ended or never was.
  std::optional<JobState> find(const std::string& id) const;

 private:
  struct Running;
  bool may_run(const Job& job) const;
  std::size_t running(bool urgent) const;
  void fill();
  void launch(Job job);
  void progressed(const std::string& id, int percent);
  void ended(const std::string& id, Result<Clip> result);

  boost::asio::any_io_executor loop_;
  ClipStore& store_;
  const tts::Registry& synthesizers_;
  MediaSettings settings_;
  Bounds bounds_;
  std::deque<Job> waiting_;
  std::map<std::string, std::unique_ptr<Running>> running_;
  std::shared_ptr<bool> alive_;
};

}  // namespace loa::media
