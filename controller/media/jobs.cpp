#include "controller/media/jobs.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

namespace loa::media {

/// A job at work; its thread only posts to the loop.
struct Jobs::Running {
  Job job;
  int percent = 0;
  std::jthread thread;  // last, so that it is joined before the rest goes
};

Jobs::Jobs(boost::asio::any_io_executor loop, ClipStore& store, const tts::Registry& synthesizers,
           MediaSettings settings, Bounds bounds)
    : loop_(std::move(loop)),
      store_(store),
      synthesizers_(synthesizers),
      settings_(std::move(settings)),
      bounds_(bounds),
      alive_(std::make_shared<bool>(true)) {}

Jobs::~Jobs() {
  *alive_ = false;
  for (auto& [id, running] : running_) running->thread.request_stop();
}

std::optional<Problem> Jobs::start(Job job) {
  if (find(job.id)) throw std::logic_error("two jobs have the id " + job.id);
  // Urgent ones stand before the others.
  const auto others = std::find_if(waiting_.begin(), waiting_.end(), [](const Job& one) { return !one.urgent; });
  const auto place = job.urgent ? others : waiting_.end();
  const auto ahead = job.urgent ? place - waiting_.begin() : waiting_.end() - others;
  if (!may_run(job) && static_cast<std::size_t>(ahead) >= bounds_.waiting)
    return Problem{"queue_full", "too many sound files are being worked on; try again in some minutes"};
  waiting_.insert(place, std::move(job));
  fill();
  return {};
}

std::size_t Jobs::running(bool urgent) const {
  return static_cast<std::size_t>(
      std::count_if(running_.begin(), running_.end(), [&](const auto& one) { return one.second->job.urgent == urgent; }));
}

bool Jobs::may_run(const Job& job) const { return running(job.urgent) < (job.urgent ? bounds_.urgent_at_once : bounds_.at_once); }

void Jobs::fill() {
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    if (!may_run(*next)) {
      ++next;
      continue;
    }
    Job job = std::move(*next);
    next = waiting_.erase(next);
    launch(std::move(job));
  }
}

void Jobs::launch(Job job) {
  auto& running = running_[job.id];
  running = std::make_unique<Running>(Running{std::move(job), 0, {}});
  const auto id = running->job.id;
  auto on_percent = [this, id, alive = alive_](int percent) {
    boost::asio::post(loop_, [this, id, alive, percent] {
      if (*alive) progressed(id, percent);
    });
  };
  auto work = [this, id, alive = alive_, loop = loop_, source = running->job.source,
               on_percent](std::stop_token stop) {
    Result<Clip> result = Problem{"storage_failed", ""};
    try {
      result = make_clip(source, store_, synthesizers_, settings_, on_percent, stop);
    } catch (const std::exception& e) {
      result = Problem{"storage_failed", e.what()};
    }
    boost::asio::post(loop, [this, id, alive, result = std::move(result)]() mutable {
      if (*alive) ended(id, std::move(result));
    });
  };
  running->thread = std::jthread(std::move(work));
}

void Jobs::progressed(const std::string& id, int percent) {
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  found->second->percent = percent;
  if (const auto tell = found->second->job.on_progress) tell(percent);
}

void Jobs::ended(const std::string& id, Result<Clip> result) {
  auto node = running_.extract(id);
  auto on_done = std::move(node.mapped()->job.on_done);
  node.mapped().reset();
  fill();
  on_done(std::move(result));
}

bool Jobs::cancel(const std::string& id) {
  if (const auto found = running_.find(id); found != running_.end()) {
    found->second->thread.request_stop();
    return true;
  }
  const auto found =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const Job& job) { return job.id == id; });
  if (found == waiting_.end()) return false;
  Job job = std::move(*found);
  waiting_.erase(found);
  if (const auto* upload = std::get_if<Upload>(&job.source)) {
    std::error_code ignored;
    std::filesystem::remove(upload->file, ignored);
  }
  boost::asio::post(loop_, [alive = alive_, on_done = std::move(job.on_done)] {
    if (*alive) on_done(Problem{"cancelled", "the work was cancelled"});
  });
  return true;
}

std::optional<JobState> Jobs::find(const std::string& id) const {
  if (const auto found = running_.find(id); found != running_.end())
    return JobState{JobState::Phase::running, found->second->percent, 0};
  const auto found =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const Job& job) { return job.id == id; });
  if (found == waiting_.end()) return {};
  return JobState{JobState::Phase::waiting, 0,
                  running_.size() + static_cast<std::size_t>(found - waiting_.begin())};
}

}  // namespace loa::media
