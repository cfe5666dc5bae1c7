#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace loa::node {

/// Does on a thread of its own what may wait for a device for ever, while the caller waits a bounded time. A thread that does not come back is given
/// up, with all that the work holds, and the next work has a new one. Used and destroyed on one thread; neither waits longer than the limit.
class PatientThread {
 public:
  explicit PatientThread(std::chrono::milliseconds limit) : limit_(limit) {}
  ~PatientThread();
  PatientThread(const PatientThread&) = delete;
  PatientThread& operator=(const PatientThread&) = delete;

  /// Whether `work` ended within the limit. Where it did not it goes on without the caller: what it uses must live by itself. It must not throw.
  bool run(std::function<void()> work);

 private:
  struct Shared;
  void give_up();

  std::chrono::milliseconds limit_;
  std::shared_ptr<Shared> shared_;  ///< null until there is work
  std::thread thread_;
};

}  // namespace loa::node
