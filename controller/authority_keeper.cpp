#include "controller/authority_keeper.hpp"

#include <spdlog/spdlog.h>

#include "controller/authority/foreign_authorities.hpp"

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

std::string AuthorityKeeper::trouble() const {
  if (!trouble_.empty()) return trouble_;
  std::string names;
  for (const auto& pem : identity_.authority().foreign()) names += (names.empty() ? "" : ", ") + authority::name_of_authority(pem);
  if (names.empty()) return {};
  return "the key set lists an authority whose key is not here (" + names +
         "): its boards are let in until the last list of revoked certificates that it signed ends, within 30 days; put its key back, or begin another with `loa keys request --authority`";
}

}  // namespace loa::controller
