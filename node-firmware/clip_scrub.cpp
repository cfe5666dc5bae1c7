#include "node-firmware/clip_scrub.hpp"

#include <boost/asio/post.hpp>

#include "node-firmware/file_hash.hpp"

namespace loa::node {

namespace {

std::chrono::nanoseconds steady_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

}  // namespace

ClipScrub::ClipScrub(boost::asio::any_io_executor executor, Cache& cache, std::function<scheduler::TimePoint()> now, Times times,
                     std::function<void()> judged)
    : executor_(executor), cache_(cache), now_(std::move(now)), times_(times), judged_(std::move(judged)), timer_(executor), last_any_(steady_now()) {
  wait(times_.next);
}

ClipScrub::~ClipScrub() {
  *alive_ = false;
  if (thread_.joinable()) thread_.join();
}

void ClipScrub::wait(std::chrono::milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) look();
  });
}

void ClipScrub::look() {
  const auto now = steady_now();
  const bool any = now - last_any_ >= times_.every;
  // A proof of this run is never older than the machine's start: zero stands for none.
  const auto before = std::max<std::chrono::nanoseconds>(now - times_.age, std::chrono::nanoseconds(1));
  auto clip = cache_.to_prove(now_() + times_.soon, before, any);
  if (!clip) return wait(times_.look);
  if (any) last_any_ = now;
  read(std::move(*clip));
}

void ClipScrub::read(Cache::Held clip) {
  if (thread_.joinable()) thread_.join();
  thread_ = std::thread([this, clip = std::move(clip), alive = alive_, executor = executor_] {
    const auto hash = hash_of_file(clip.file);
    const auto bytes = !hash ? Cache::Bytes::unreadable : *hash == clip.sha256 ? Cache::Bytes::good : Cache::Bytes::changed;
    boost::asio::post(executor, [this, clip, alive, bytes] {
      if (!*alive) return;
      cache_.judge(clip, bytes, steady_now());
      judged_();
      wait(bytes == Cache::Bytes::unreadable ? times_.again : times_.next);
    });
  });
}

}  // namespace loa::node
