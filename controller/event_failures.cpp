#include "controller/event_failures.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace loa::controller {

bool EventFailures::note(Steady at, scheduler::TimePoint now) {
  ++count_;
  last_ = now;
  recent_.push_back(at);
  if (recent_.size() > kMost) recent_.pop_front();
  return recent_.size() == kMost && at - recent_.front() <= kWithin;
}

std::string EventFailures::trouble() const {
  if (!last_) return {};
  return fmt::format("{} events failed since the start, the last at {}: see the log", count_, scheduler::to_rfc3339(*last_));
}

bool run_events(boost::asio::io_context& loop, EventFailures& failures, const protocol::Clock& clock,
                const std::function<void()>& too_many) {
  bool ending = false;
  const auto failed = [&](const char* what) {
    spdlog::error("an event failed: {}", what);
    if (!failures.note(std::chrono::steady_clock::now(), clock.now()) || ending) return;
    ending = true;
    spdlog::critical("{} events failed within {} s: ending, to be started anew", EventFailures::kMost, EventFailures::kWithin.count());
    too_many();
  };
  while (true) {
    try {
      loop.run();
      return ending;
    } catch (const std::exception& error) {
      failed(error.what());
    } catch (...) {
      failed("with something that is no exception of the standard library");
    }
  }
}

}  // namespace loa::controller
