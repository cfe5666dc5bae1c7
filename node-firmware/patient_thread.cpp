#include "node-firmware/patient_thread.hpp"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <utility>

namespace loa::node {

struct PatientThread::Shared {
  std::mutex mutex;
  std::condition_variable change;
  std::function<void()> work;  ///< null: none waits
  bool busy = false;
  bool over = false;

  void serve() {
    std::unique_lock lock(mutex);
    for (;;) {
      change.wait(lock, [this] { return work || over; });
      if (!work) return;
      {
        const auto now = std::exchange(work, nullptr);
        lock.unlock();
        now();
      }  // what it held is let go of here too: that may wait as well
      lock.lock();
      busy = false;
      change.notify_all();
      if (over) return;
    }
  }
};

PatientThread::~PatientThread() {
  if (!shared_) return;
  give_up();
}

void PatientThread::give_up() {
  bool idle = false;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->over = true;
    idle = !shared_->busy;
  }
  shared_->change.notify_all();
  if (idle) thread_.join();
  else thread_.detach();
  shared_.reset();
}

bool PatientThread::run(std::function<void()> work) {
  if (!shared_) {
    shared_ = std::make_shared<Shared>();
    try {
      thread_ = std::thread([shared = shared_] { shared->serve(); });
    } catch (const std::system_error&) {  // no thread to be had: nothing was done
      shared_.reset();
      return false;
    }
  }
  {
    std::unique_lock lock(shared_->mutex);
    shared_->work = std::move(work);
    shared_->busy = true;
    shared_->change.notify_all();
    if (shared_->change.wait_for(lock, limit_, [this] { return !shared_->busy; })) return true;
  }
  give_up();
  return false;
}

}  // namespace loa::node
