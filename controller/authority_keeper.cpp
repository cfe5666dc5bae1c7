#include "controller/authority_keeper.hpp"

#include <spdlog/spdlog.h>

namespace loa::controller {

AuthorityKeeper::AuthorityKeeper(boost::asio::any_io_executor loop, Identity& identity, std::function<void()> use, std::chrono::milliseconds retry)
    : identity_(identity), use_(std::move(use)), retry_(retry), timer_(std::move(loop)) {}

void AuthorityKeeper::follow(const protocol::KeySet& keys) {
  keys_ = keys;
  try_now();
}

void AuthorityKeeper::try_now() {
  timer_.cancel();
  try {
    if (identity_.follow(keys_)) due_ = true;
    if (due_) use_();
    due_ = false;
    trouble_.clear();
    return;
  } catch (const std::exception& error) {
    if (trouble_ != error.what()) spdlog::error("authority: {}", error.what());
    trouble_ = error.what();
  }
  timer_.expires_after(retry_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) try_now();
  });
}

}  // namespace loa::controller
