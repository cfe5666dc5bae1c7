#include "node-firmware/stream_feed.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace loa::node {
namespace {

constexpr std::size_t kFade = 240;
constexpr std::size_t kChunk = 960;
constexpr std::size_t kAfterHole = 48'000;
/// Square of the quietest RMS that is sound: -60 dBFS.
constexpr double kSilentPower = 32.767 * 32.767;

bool is_sound(std::span<const std::int16_t> samples) {
  double sum = 0;
  for (const auto sample : samples) sum += static_cast<double>(sample) * sample;
  return sum >= kSilentPower * static_cast<double>(samples.size());
}

}  // namespace

StreamFeed::StreamFeed(WatchTimes times)
    : ring_(static_cast<std::size_t>(kMost.count()) * kPerMs), past_(static_cast<std::size_t>(kMostPast.count()) * kPerMs),
      hold_(static_cast<std::size_t>(kHold.count()) * kPerMs), needed_(hold_),
      watch_(times) {}

bool StreamFeed::put(std::span<const std::int16_t> samples) {
  while (!samples.empty()) {
    std::unique_lock lock(mutex_);
    const auto may_go = [this] { return players_ == 0 ? past_ : 0; };
    room_.wait(lock, [&] { return closed_ || size_ < ring_.size() || may_go() > 0; });
    if (closed_) return false;
    if (size_ == ring_.size()) {
      const auto oldest = std::min({samples.size(), size_, may_go()});
      drop(oldest);
      past_ -= oldest;
    }
    const auto count = std::min(samples.size(), ring_.size() - size_);
    for (std::size_t i = 0; i < count; ++i) ring_[(first_ + size_ + i) % ring_.size()] = samples[i];
    size_ += count;
    arrived_ += static_cast<std::int64_t>(count);
    samples = samples.subspan(count);
  }
  return true;
}

void StreamFeed::fresh() {
  const std::lock_guard lock(mutex_);
  past_ = static_cast<std::size_t>(kMostPast.count()) * kPerMs;
}

void StreamFeed::hold(Millis length) {
  const std::lock_guard lock(mutex_);
  hold_ = static_cast<std::size_t>(std::clamp(length, Millis(100), kMost * 3 / 4).count()) * kPerMs;
  needed_ = hold_;
}

void StreamFeed::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    size_ = 0;
  }
  room_.notify_all();
}

bool StreamFeed::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void StreamFeed::drop(std::size_t samples) {
  first_ = (first_ + samples) % ring_.size();
  size_ -= samples;
}

void StreamFeed::judge(Heard heard, std::size_t samples) {
  odd_ += static_cast<std::int64_t>(samples);
  const Millis length{odd_ / kPerMs};
  odd_ %= kPerMs;
  const bool was_silent = watch_.health() == StreamHealth::silent;
  watch_.take(heard, length);
  if (players_ == 0) return;
  // Silence counts once the stream was given up for it: that before, and all that a player gets in its kept place after.
  const bool given_up = watch_.health() == StreamHealth::silent;
  if (heard == Heard::nothing || (heard == Heard::silence && was_silent && given_up))
    unheard_ += static_cast<std::int64_t>(samples);
  else if (given_up && !was_silent)
    unheard_ += watch_.silence().count() * kPerMs;
}

std::shared_ptr<StreamEcho> StreamFeed::echo() {
  const std::lock_guard lock(mutex_);
  if (!echo_) echo_ = std::make_shared<StreamEcho>();
  return echo_;
}

void StreamFeed::take_locked(std::span<std::int16_t> samples) {
  give_out(samples);
  if (echo_) echo_->put(samples);
}

void StreamFeed::give_out(std::span<std::int16_t> samples) {
  const bool begins = filling_ && size_ >= needed_;
  if (begins) filling_ = false;
  if (filling_ || closed_) {
    std::fill(samples.begin(), samples.end(), std::int16_t{0});
    return judge(Heard::nothing, samples.size());
  }
  const auto count = std::min(samples.size(), size_);
  for (std::size_t i = 0; i < count; ++i) samples[i] = ring_[(first_ + i) % ring_.size()];
  std::fill(samples.begin() + static_cast<std::ptrdiff_t>(count), samples.end(), std::int16_t{0});
  drop(count);
  const auto fade = std::min(kFade, count);
  if (begins)
    for (std::size_t i = 0; i < fade; ++i) samples[i] = static_cast<std::int16_t>(samples[i] * static_cast<int>(i) / static_cast<int>(fade));
  // What is left must suffice for the next stretch, or this one is the last before a hole.
  if (size_ < samples.size()) {
    filling_ = true;
    needed_ = std::min(kAfterHole, hold_);
    for (std::size_t i = 0; i < fade; ++i) {
      auto& sample = samples[count - fade + i];
      sample = static_cast<std::int16_t>(sample * static_cast<int>(fade - i) / static_cast<int>(fade));
    }
  }
  judge(is_sound(samples) ? Heard::sound : Heard::silence, samples.size());
}

void StreamFeed::take(std::span<std::int16_t> samples) {
  {
    const std::lock_guard lock(mutex_);
    take_locked(samples);
  }
  room_.notify_one();
}

void StreamFeed::play(bool plays) {
  const std::lock_guard lock(mutex_);
  if (plays && players_ == 0) {
    unheard_ = 0;
    if (size_ > hold_) drop(size_ - hold_);
  }
  players_ += plays ? 1 : -1;
}

void StreamFeed::pass(Millis length) {
  {
    const std::lock_guard lock(mutex_);
    if (players_ > 0) return;
    std::array<std::int16_t, kChunk> unheard;
    auto left = static_cast<std::size_t>(std::max(length, Millis(0)).count()) * kPerMs;
    while (left > 0) {
      const auto count = std::min(left, unheard.size());
      take_locked(std::span(unheard).first(count));
      left -= count;
    }
  }
  room_.notify_one();
}

StreamHealth StreamFeed::health() const {
  const std::lock_guard lock(mutex_);
  return watch_.health();
}

std::int64_t StreamFeed::unheard() const {
  const std::lock_guard lock(mutex_);
  return unheard_;
}

std::int64_t StreamFeed::arrived() const {
  const std::lock_guard lock(mutex_);
  return arrived_;
}

}  // namespace loa::node
