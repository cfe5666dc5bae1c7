#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace loa::api {

/// Which alerts' texts are being spoken, and who waits for them. On the loop only.
class Speeches {
 public:
  explicit Speeches(boost::asio::any_io_executor loop);

  /// The text of this alert is being spoken until the last copy of what is returned is gone, however that comes about.
  using Spoken = std::shared_ptr<void>;
  Spoken begin(const std::string& alert);
  /// Nobody needs it any more: whoever waits goes on.
  void end(const std::string& alert);
  /// Ends all waits, now and later.
  void close();

  /// Waits until the text of `alert` is no longer being spoken, at most `patience`; not at all where it is not. False: closed; the api may be gone.
  boost::asio::awaitable<bool> wait(std::string alert, std::chrono::milliseconds patience);
  std::size_t waiting() const;

 private:
  struct State;
  boost::asio::any_io_executor x_loop;
  std::shared_ptr<State> x_state;
};

}  // namespace loa::api
