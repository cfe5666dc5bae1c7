#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <thread>

#include "node-firmware/cache.hpp"

namespace loa::node {

/// Finds clips that rotted on the flash before they sound: one that is wanted soon is read again when its last proof is older than `age`
/// (so each once after a start), and one of the others each `every`. It reads on a thread of its own that lives for one clip, and judges
/// on the loop. Loop thread.
class ClipScrub {
 public:
  struct Times {
    std::chrono::milliseconds look = std::chrono::minutes(1);
    std::chrono::milliseconds every = std::chrono::hours(1);
    std::chrono::milliseconds age = std::chrono::hours(24);
    std::chrono::milliseconds soon = std::chrono::hours(2);  ///< before it is needed
    std::chrono::milliseconds next = std::chrono::seconds(1);    ///< after a start and after each clip: the next may be due at once
    std::chrono::milliseconds again = std::chrono::seconds(20);  ///< after one that could not be read
  };
  /// `now` is the node's clock; `judged` is called on the loop after each clip.
  ClipScrub(boost::asio::any_io_executor executor, Cache& cache, std::function<scheduler::TimePoint()> now, Times times,
            std::function<void()> judged);
  /// Waits for the clip that is being read.
  ~ClipScrub();

 private:
  void wait(std::chrono::milliseconds time);
  void look();
  void read(Cache::Held clip);

  boost::asio::any_io_executor executor_;
  Cache& cache_;
  std::function<scheduler::TimePoint()> now_;
  Times times_;
  std::function<void()> judged_;
  boost::asio::steady_timer timer_;
  std::chrono::nanoseconds last_any_{};
  std::thread thread_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // touched on the loop only
};

}  // namespace loa::node
