#include "node-firmware/clock_watch.hpp"

#include <spdlog/spdlog.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <limits>

namespace loa::node {

using boost::asio::posix::stream_descriptor;

ClockWatch::ClockWatch(boost::asio::any_io_executor executor, NodeClock& clock, std::function<void()> moved)
    : clock_(clock), moved_(std::move(moved)), stepped_(executor), second_(executor) {
  // Without it (a kernel that gives no descriptor) the look each second remains.
  if (const int timer = ::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC); timer >= 0) {
    stepped_.assign(timer);
    arm();
    wait_for_step();
  }
  wait_for_second();
}

/// A timer that never fires, but is cancelled when the clock is set.
void ClockWatch::arm() {
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<std::int32_t>::max();  // 2038; also where times have 32 bits
  if (::timerfd_settime(stepped_.native_handle(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) != 0)
    spdlog::debug("the kernel tells nothing of steps of its clock");
}

void ClockWatch::wait_for_step() {
  stepped_.async_wait(stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    std::uint64_t times = 0;
    (void)!::read(stepped_.native_handle(), &times, sizeof times);  // ECANCELED: it was set
    arm();
    look();
    // After 2038 the timer is always over: each second is enough then.
    if (times == 0) wait_for_step();
  });
}

void ClockWatch::wait_for_second() {
  second_.expires_after(std::chrono::seconds(1));
  second_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    look();
    wait_for_second();
  });
}

void ClockWatch::look() {
  if (clock_.refresh()) moved_();
}

}  // namespace loa::node
