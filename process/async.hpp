#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <thread>

#include "process/run.hpp"

namespace loa::process {

/// A running child seen from an Asio loop: run() on a thread of its own, whose news are posted to the loop.
/// Made, used and destroyed on the loop. Destroying it ends the child and waits for that, at most a moment;
/// no callback comes afterwards.
class Child {
 public:
  using OnDone = std::function<void(Outcome)>;
  using OnTextLine = std::function<void(std::string line)>;

  /// Starts at once; `on_line` may be empty. Both are called on `loop`, `on_done` last and exactly once.
  Child(boost::asio::any_io_executor loop, Command command, Limits limits, OnDone on_done,
        OnTextLine on_line = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Ends the child; `on_done` then gets End::cancelled, or the end that came first.
  void cancel();

 private:
  std::shared_ptr<bool> alive_;
  std::jthread thread_;
};

}  // namespace loa::process
