#include "node-firmware/stream_source.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "node-firmware/stream_work.hpp"

namespace loa::node {
namespace {

/// How many threads of sources run, though their sources may be gone.
struct Running {
  std::mutex mutex;
  std::condition_variable change;
  int count = 0;
};
Running& running() {
  static auto* all = new Running;  // a thread may outlast the end of main
  return *all;
}

void add(int change) {
  auto& all = running();
  const std::lock_guard lock(all.mutex);
  all.count += change;
  all.change.notify_all();
}

}  // namespace

StreamSource::StreamSource(StreamAddress address, StreamSettings settings, std::chrono::nanoseconds epoch)
    : work_(std::make_shared<Work>(std::move(address), std::move(settings), epoch)) {
  add(1);
  std::thread([work = work_]() mutable {
    work->serve();
    work.reset();
    add(-1);
  }).detach();
}

StreamSource::~StreamSource() { work_->give_up(); }

const StreamAddress& StreamSource::address() const { return work_->address; }
const std::shared_ptr<StreamFeed>& StreamSource::feed() const { return work_->feed; }
void StreamSource::set_epoch(std::chrono::nanoseconds epoch) { work_->epoch = epoch; }
bool StreamSource::unsupported() const { return work_->unsupported; }

void StreamSource::await_all(std::chrono::milliseconds limit) {
  auto& all = running();
  std::unique_lock lock(all.mutex);
  all.change.wait_for(lock, limit, [&all] { return all.count == 0; });
}

}  // namespace loa::node
