#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "node-firmware/clip_shelf.hpp"
#include "node-firmware/node_clock.hpp"
#include "node-firmware/stream_hub.hpp"

namespace loa::tests {

/// A board's time that the test ticks; wall clock and monotonic clock go on together.
class FakeTime final : public node::TimeSource {
 public:
  node::Monotonic monotonic() const override { return now; }
  node::WallReading wall() const override { return {now, wall_at_boot.time_since_epoch() + now, {}}; }
  node::KernelClock kernel() const override { return {synced, max_error, est_error}; }
  std::optional<std::chrono::seconds> rtc() const override {
    if (!has_rtc) return {};
    return std::chrono::floor<std::chrono::seconds>(wall().utc - rtc_behind);
  }
  std::string boot_id() const override { return boot; }
  void pass(node::Monotonic time) { now += time; }

  node::Monotonic now = std::chrono::seconds(1000);
  scheduler::TimePoint wall_at_boot = scheduler::from_ms(1'790'000'000'000);
  bool synced = true;
  std::chrono::microseconds max_error{2000}, est_error{500};
  bool has_rtc = false;
  std::chrono::seconds rtc_behind{0};  ///< the system clock
  std::string boot = "boot-1";
};

/// A shelf that holds what the test puts on it.
class FakeShelf final : public node::ClipShelf {
 public:
  std::optional<std::filesystem::path> find(const std::string& sha256) override {
    return held.contains(sha256) ? std::optional(std::filesystem::path("/clips") / (sha256 + ".opus")) : std::nullopt;
  }
  void want(std::vector<node::WantedClip> clips, std::vector<std::string> from) override {
    wanted = std::move(clips);
    bases = std::move(from);
    ++asked;
  }
  void fetch_until(std::optional<scheduler::TimePoint> to) override { until = to; }
  std::string reason(const std::string& sha256) const override {
    const auto found = reasons.find(sha256);
    return found == reasons.end() ? "" : found->second;
  }
  void retry_now() override { ++retries; }
  void could_not_read(const std::string& sha256, const std::string&) override { unreadable.push_back(sha256); }
  node::CacheReport report() override {
    node::CacheReport report;
    report.wanted = static_cast<int>(wanted.size());
    for (const auto& clip : wanted) report.held += held.contains(clip.sha256) ? 1 : 0;
    return report;
  }
  const std::vector<scheduler::StockClip>& shipped() const override { return stock; }

  std::map<std::string, bool> held;
  std::map<std::string, std::string> reasons;
  std::vector<node::WantedClip> wanted;
  std::vector<std::string> bases;
  int asked = 0;
  std::vector<scheduler::StockClip> stock;
  std::optional<scheduler::TimePoint> until;
  int retries = 0;
  std::vector<std::string> unreadable;  ///< clips of which the player said so
};

/// Streams that are as the test says; those that it says nothing of sound.
class FakeStreams final : public node::Streams {
 public:
  void want(const std::vector<node::StreamAddress>& streams, std::chrono::nanoseconds) override {
    wanted.clear();
    for (const auto& one : streams) wanted.push_back(one.url);
  }
  bool playable(const std::string& url) const override { return !bad.contains(url); }
  std::string reason(const std::string& url) const override { return bad.contains(url) ? bad.at(url) : ""; }
  std::shared_ptr<node::StreamFeed> feed(const std::string& url) const override {
    return std::find(wanted.begin(), wanted.end(), url) == wanted.end() ? nullptr : feed_;
  }

  std::vector<std::string> wanted;
  std::map<std::string, std::string> bad;  ///< address to reason

 private:
  std::shared_ptr<node::StreamFeed> feed_ = std::make_shared<node::StreamFeed>();
};

}  // namespace loa::tests
