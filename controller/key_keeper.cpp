#include "controller/key_keeper.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

namespace loa::controller {

KeyKeeper::KeyKeeper(boost::asio::any_io_executor loop, std::filesystem::path folder, Keys held, Take take)
    : folder_(std::move(folder)), held_(std::move(held)), take_(std::move(take)), timer_(std::move(loop)) {}

void KeyKeeper::start(std::chrono::milliseconds period) {
  if (period.count() > 0) wait(period);
  look();
}

void KeyKeeper::wait(std::chrono::milliseconds period) {
  timer_.expires_after(period);
  timer_.async_wait([this, period](const boost::system::error_code& error) {
    if (error) return;
    wait(period);  // first: a look that throws must not be the last
    look();
  });
}

// What tells one file from the one that took its place: a rename gives another inode.
std::string KeyKeeper::stamp() const {
  struct stat file {};
  if (::stat(authority::key_set_file(folder_).c_str(), &file) != 0) return "none";
  return fmt::format("{} {} {} {}", file.st_ino, file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
}

void KeyKeeper::look() {
  const auto now = stamp();
  if (now == stamp_) return;
  try {
    take();
    trouble_.clear();
  } catch (const std::exception& error) {
    if (trouble_ != error.what()) spdlog::error("keys: {}", error.what());
    trouble_ = error.what();
    return;  // looked at again: a private key beside it may be put right
  }
  stamp_ = now;
}

void KeyKeeper::take() {
  auto next = std::make_shared<authority::ControllerKeys>(authority::load_keys(folder_));
  if (next->key_set_jws == held_->key_set_jws) return;
  if (next->root != held_->root)
    throw authority::KeyFileError("keys/root.pub: another root key than the controller was started with; its nodes believe the first");
  if (next->key_set.number <= held_->key_set.number)
    throw authority::KeyFileError(fmt::format("keys/keyset.jws: key set {} is not above {}, which is published: it is not taken",
                                              next->key_set.number, held_->key_set.number));
  spdlog::info("key set {} in place of {}: {} keys, {} of them here", next->key_set.number, held_->key_set.number,
               next->key_set.keys.size(), next->working.size());
  held_ = std::move(next);
  take_(held_);
}

}  // namespace loa::controller
