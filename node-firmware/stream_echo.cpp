#include "node-firmware/stream_echo.hpp"

#include <algorithm>

namespace loa::node {
namespace {

constexpr std::size_t kSecond = 48'000;

}  // namespace

StreamEcho::StreamEcho() : ring_(4 * kSecond) {}

void StreamEcho::put(std::span<const std::int16_t> samples) {
  const std::lock_guard lock(mutex_);
  for (const auto sample : samples) ring_[(first_ + size_++) % ring_.size()] = sample;
  if (size_ <= ring_.size()) return;
  first_ = (first_ + size_ - ring_.size()) % ring_.size();
  size_ = ring_.size();
}

void StreamEcho::take(std::span<std::int16_t> samples) {
  const std::lock_guard lock(mutex_);
  if (filling_ && size_ >= kSecond) {
    first_ = (first_ + size_ - kSecond) % ring_.size();  // what lay there before anybody took is past
    size_ = kSecond;
    filling_ = false;
  }
  const auto count = filling_ ? 0 : std::min(samples.size(), size_);
  for (std::size_t i = 0; i < count; ++i) samples[i] = ring_[(first_ + i) % ring_.size()];
  std::fill(samples.begin() + static_cast<std::ptrdiff_t>(count), samples.end(), std::int16_t{0});
  first_ = (first_ + count) % ring_.size();
  size_ -= count;
  if (count < samples.size()) filling_ = true;
}

}  // namespace loa::node
