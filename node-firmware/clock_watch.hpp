#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "node-firmware/node_clock.hpp"

namespace loa::node {

/// Looks at the system clock as soon as somebody set it, by the kernel's word, and each second besides: whether it is synchronised is told by
/// nobody. Loop thread.
class ClockWatch {
 public:
  /// `moved` is called when the node's own time changed by that, or became trusted or untrusted.
  ClockWatch(boost::asio::any_io_executor executor, NodeClock& clock, std::function<void()> moved);

 private:
  void arm();
  void wait_for_step();
  void wait_for_second();
  void look();

  NodeClock& clock_;
  std::function<void()> moved_;
  boost::asio::posix::stream_descriptor stepped_;
  boost::asio::steady_timer second_;
};

}  // namespace loa::node
