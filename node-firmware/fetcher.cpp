#include "node-firmware/fetcher.hpp"

#include <algorithm>

namespace loa::node {
namespace {

std::chrono::steady_clock::time_point steady_now() { return std::chrono::steady_clock::now(); }

/// What `failed` says of an end that no other attempt is likely to change.
std::string word_of(DownloadEnd end) {
  switch (end) {
    case DownloadEnd::not_found: return "not_found";
    case DownloadEnd::refused: return "refused";
    case DownloadEnd::wrong_size: return "size";
    case DownloadEnd::disk: return "disk";
    case DownloadEnd::network:
    case DownloadEnd::complete: break;
  }
  return {};
}

}  // namespace

Fetcher::Fetcher(boost::asio::any_io_executor executor, Cache& cache, Downloader& downloader, FetcherSettings settings,
                 FetcherEvents events)
    : cache_(cache), downloader_(downloader), settings_(settings), events_(std::move(events)), timer_(executor) {}

Fetcher::~Fetcher() {
  if (!running_.empty()) downloader_.cancel();
}

void Fetcher::want(std::vector<WantedClip> clips, std::vector<std::string> bases) {
  cache_.want(clips);
  std::stable_sort(clips.begin(), clips.end(), [](const auto& a, const auto& b) { return a.needed < b.needed; });
  const bool moved = bases != bases_;
  bases_ = std::move(bases);
  std::map<std::string, Job> jobs;
  for (const WantedClip& clip : clips) {
    if (jobs.size() >= settings_.most_wanted) break;
    if (jobs.count(clip.sha256) || cache_.playable(clip.sha256)) continue;
    Job job;
    if (const auto known = jobs_.find(clip.sha256); known != jobs_.end()) job = known->second;
    job.clip = clip;
    if (moved) job.not_before = {};
    jobs[clip.sha256] = std::move(job);
  }
  jobs_ = std::move(jobs);
  if (!running_.empty() && !jobs_.count(running_)) drop_running();
  next();
}

void Fetcher::fetch_until(std::optional<scheduler::TimePoint> until) {
  until_ = until;
  if (!running_.empty() && until_ && jobs_.at(running_).clip.needed > *until_) drop_running();
  next();
}

void Fetcher::retry_now() {
  for (auto& [sha256, job] : jobs_) job.not_before = {};
  next();
}

std::string Fetcher::reason(const std::string& sha256) const {
  const auto found = jobs_.find(sha256);
  return found == jobs_.end() ? std::string{} : found->second.reason;
}

void Fetcher::next() {
  const auto now = steady_now();
  Job* nearest = nullptr;
  auto wake = std::chrono::steady_clock::time_point::max();
  for (auto& [sha256, job] : jobs_) {
    if (until_ && job.clip.needed > *until_) continue;
    if (job.not_before > now) wake = std::min(wake, job.not_before);
    else if (!nearest || job.clip.needed < nearest->clip.needed) nearest = &job;
  }
  if (wake != std::chrono::steady_clock::time_point::max()) {
    timer_.expires_at(wake);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) next();
    });
  }
  if (!nearest || nearest->clip.sha256 == running_) return;
  if (!running_.empty()) {
    if (nearest->clip.needed >= jobs_.at(running_).clip.needed) return;
    drop_running();
  }
  run(*nearest);
}

void Fetcher::drop_running() {
  downloader_.cancel();
  running_.clear();
}

void Fetcher::run(Job& job) {
  std::error_code absent;
  const auto size = std::filesystem::file_size(cache_.part(job.clip.sha256), absent);
  const auto have = absent ? std::int64_t{0} : static_cast<std::int64_t>(size);
  if (!cache_.make_room(std::max<std::int64_t>(0, job.clip.bytes - have))) {
    put_off(job);
    say(job, "no_room", "neither budget nor disk has room for the clip");
    next();
    return;
  }
  Download download;
  if (!bases_.empty()) download.url = bases_[job.base % bases_.size()] + "/media/" + job.clip.sha256 + ".opus";
  download.part = cache_.part(job.clip.sha256);
  download.bytes = job.clip.bytes;
  if (tls_time_) download.tls = tls_time_();
  running_ = job.clip.sha256;
  downloader_.start(download, [this, sha256 = job.clip.sha256](const DownloadResult& result) { finish(sha256, result); });
}

void Fetcher::finish(const std::string& sha256, const DownloadResult& result) {
  running_.clear();
  const auto found = jobs_.find(sha256);
  if (found == jobs_.end()) return next();
  Job& job = found->second;
  if (result.end == DownloadEnd::complete && result.sha256 == sha256) {
    if (cache_.accept(sha256)) {
      jobs_.erase(found);
      if (events_.held) events_.held(sha256);
    } else {
      put_off(job);
      say(job, "disk", "the disk does not let the clip have its name");
    }
  } else if (result.end == DownloadEnd::complete) {
    wrong_bytes(job);
  } else {
    job.base += 1;
    // Every address is asked once before the wait.
    const bool round_over = bases_.empty() || job.base % bases_.size() == 0 || result.end == DownloadEnd::disk;
    if (round_over) put_off(job);
    if (round_over && !word_of(result.end).empty()) say(job, word_of(result.end), result.detail);
  }
  next();
}

void Fetcher::wrong_bytes(Job& job) {
  cache_.reject(job.clip.sha256);
  job.wrong_hashes += 1;
  job.base += 1;
  if (job.wrong_hashes < settings_.hash_attempts) return;
  job.not_before = steady_now() + settings_.backoff_last;
  say(job, "hash", "the bytes at every attempt were not those that the name says");
}

void Fetcher::put_off(Job& job) {
  const auto most = std::min(settings_.backoff_last, settings_.backoff_first * (1 << std::min(job.failures, 16)));
  job.failures += 1;
  std::uniform_int_distribution<std::int64_t> wait(1, std::max<std::int64_t>(1, most.count()));
  job.not_before = steady_now() + std::chrono::milliseconds(wait(random_));
}

void Fetcher::say(Job& job, const std::string& reason, const std::string& detail) {
  if (job.reason == reason) return;
  job.reason = reason;
  const std::string sha256 = job.clip.sha256;
  if (events_.failed) events_.failed(sha256, reason, detail);
}

}  // namespace loa::node
