#include "controller/api/speeches.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <set>

namespace loa::api {
namespace asio = boost::asio;

struct Speeches::State {
  bool closed = false;
  std::set<std::string> spoken;
  std::multimap<std::string, asio::steady_timer*> waits;

  void end(const std::string& alert) {
    spoken.erase(alert);
    const auto [first, last] = waits.equal_range(alert);
    for (auto at = first; at != last; ++at) at->second->cancel();
  }
};

Speeches::Speeches(asio::any_io_executor loop) : x_loop(std::move(loop)), x_state(std::make_shared<State>()) {}

Speeches::Spoken Speeches::begin(const std::string& alert) {
  x_state->spoken.insert(alert);
  return {nullptr, [alert, weak = std::weak_ptr(x_state)](void*) {
            if (const auto state = weak.lock()) state->end(alert);
          }};
}

void Speeches::end(const std::string& alert) { x_state->end(alert); }

void Speeches::close() {
  x_state->closed = true;
  x_state->spoken.clear();
  for (const auto& [alert, timer] : x_state->waits) timer->cancel();
}

asio::awaitable<bool> Speeches::wait(std::string alert, std::chrono::milliseconds patience) {
  const auto state = x_state;
  if (state->spoken.contains(alert)) {
    asio::steady_timer timer(x_loop, patience);
    const auto place = state->waits.emplace(alert, &timer);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    state->waits.erase(place);
  }
  co_return !state->closed;
}

std::size_t Speeches::waiting() const { return x_state->waits.size(); }

}  // namespace loa::api
