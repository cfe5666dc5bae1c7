#include "process/async.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace loa::process {

Child::Child(boost::asio::any_io_executor loop, Command command, Limits limits, OnDone on_done,
             OnTextLine on_line)
    : alive_(std::make_shared<bool>(true)) {
  // `alive` is read and written on the loop only; the thread just carries it.
  auto work = [loop = std::move(loop), command = std::move(command), limits, on_done = std::move(on_done),
               on_line = std::move(on_line), alive = alive_](std::stop_token stop) {
    OnLine forward;
    if (on_line) {
      forward = [&](std::string_view line) {
        boost::asio::post(loop, [on_line, alive, text = std::string(line)] {
          if (*alive) on_line(text);
        });
      };
    }
    Outcome outcome;
    try {
      outcome = run(command, limits, stop, forward);
    } catch (const std::exception& e) {
      outcome.message = e.what();
    }
    boost::asio::post(loop, [on_done, alive, outcome = std::move(outcome)]() mutable {
      if (*alive) on_done(std::move(outcome));
    });
  };
  thread_ = std::jthread(std::move(work));
}

Child::~Child() { *alive_ = false; }

void Child::cancel() { thread_.request_stop(); }

}  // namespace loa::process
