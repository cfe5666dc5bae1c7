#include "node-firmware/disk_health.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "node-firmware/durable_file.hpp"

namespace loa::node {

using namespace std::chrono_literals;

namespace {

constexpr const char* kBallastWriter = "ballast";
constexpr std::chrono::nanoseconds kFirstWait = 5s;
constexpr std::chrono::nanoseconds kLongestWait = 1min;

DiskState state_of(int error) {
  if (error == ENOSPC || error == EDQUOT) return DiskState::full;
  if (error == EROFS || error == EACCES || error == EPERM) return DiskState::read_only;
  return DiskState::failing;
}

int rank_of(DiskState state) {
  switch (state) {
    case DiskState::ok: return 0;
    case DiskState::full: return 1;
    case DiskState::failing: return 2;
    case DiskState::read_only: return 3;
  }
  return 0;
}

}  // namespace

const char* name_of(DiskState state) {
  switch (state) {
    case DiskState::ok: return "ok";
    case DiskState::full: return "full";
    case DiskState::read_only: return "read_only";
    case DiskState::failing: return "failing";
  }
  return "";
}

DiskHealth::DiskHealth(std::filesystem::path folder, std::function<std::chrono::nanoseconds()> now)
    : ballast_(folder / "ballast"), now_(std::move(now)) {
  attempt(kBallastWriter, [this] {
    make_private_folder(ballast_.parent_path());
    make_ballast();
  });
  next_look_ = now_() + kLongestWait;
}

void DiskHealth::make_ballast() {
  std::error_code absent;
  const auto size = std::filesystem::is_regular_file(ballast_, absent) ? std::filesystem::file_size(ballast_, absent) : 0;
  // Not zeros: a disk that compresses or leaves holes would keep no room for them.
  if (absent || size != kBallast) {
    std::string noise(kBallast, '\0');
    std::uint32_t next = 1;
    for (auto& byte : noise) byte = static_cast<char>((next = next * 1664525 + 1013904223) >> 24);
    write_durably(ballast_, noise);
  }
  has_ballast_ = true;
  ballast_given_ = false;
}

bool DiskHealth::give_ballast() {
  if (!std::exchange(has_ballast_, false)) return false;
  std::error_code error;
  std::filesystem::remove(ballast_, error);
  if (error) return false;
  ballast_given_ = true;
  spdlog::warn("disk full: the ballast's {} KiB are given back", kBallast / 1024);
  return true;
}

bool DiskHealth::run(const std::string& writer, const std::function<void()>& write, bool last) {
  int error = 0;
  std::string why;
  try {
    write();
    refused_.erase(writer);
    return true;
  } catch (const std::system_error& fault) {
    error = fault.code().value();
    why = fault.what();
  } catch (const DiskFault& fault) {
    error = fault.error;
    why = fault.what();
  }
  if (!last && state_of(error) == DiskState::full && writer != kBallastWriter && give_ballast()) return run(writer, write, true);
  refused(writer, error, why);
  return false;
}

bool DiskHealth::attempt(const std::string& writer, const std::function<void()>& write) {
  const bool was_well = state() == DiskState::ok;
  const bool written = run(writer, write, false);
  if (was_well && !written) next_look_ = now_();  // a trial soon tells what kind of fault it is
  say();
  return written;
}

void DiskHealth::refused(const std::string& writer, int error, const std::string& why) {
  auto& one = refused_[writer];
  one.state = state_of(error);
  one.why = why;
  one.wait = std::clamp(one.wait * 2, kFirstWait, kLongestWait);
  one.next = now_() + one.wait;
}

bool DiskHealth::may_try(const std::string& writer) const {
  const auto found = refused_.find(writer);
  return found == refused_.end() || now_() >= found->second.next;
}

void DiskHealth::last_chance() {
  for (auto& [writer, one] : refused_) one.next = now_();
}

void DiskHealth::look() {
  if (state() == DiskState::ok || now_() < next_look_) return;
  next_look_ = now_() + kLongestWait;
  const bool made = run(kBallastWriter, [this] {
    if (has_ballast_) std::filesystem::remove(ballast_);  // written anew, as a trial of the disk
    has_ballast_ = false;
    make_ballast();
  }, true);
  if (made) std::erase_if(refused_, [this](const auto& entry) { return now_() >= entry.second.next + kLongestWait; });
  say();
}

DiskState DiskHealth::state() const {
  auto worst = ballast_given_ ? DiskState::full : DiskState::ok;
  for (const auto& [writer, one] : refused_)
    if (rank_of(one.state) > rank_of(worst)) worst = one.state;
  return worst;
}

std::string DiskHealth::why() const {
  const auto worst = state();
  for (const auto& [writer, one] : refused_)
    if (one.state == worst) return writer + ": " + one.why;
  return worst == DiskState::ok ? "" : "the ballast's room is used";
}

void DiskHealth::say() {
  const auto now = state();
  if (now == said_) return;
  said_ = now;
  auto& at = said_at_[now];
  if (at.count() != 0 && now_() < at + kLongestWait) return;
  at = now_();
  if (now == DiskState::ok)
    spdlog::info("disk: ok again; what was kept in memory is written");
  else
    spdlog::error("disk: {}: {}; what cannot be written is kept in memory", name_of(now), why());
}

}  // namespace loa::node
