#pragma once
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

namespace loa::node {

/// What was taken of a stream, once more for a second output, about a second later: it is put in stretches of up to 100 ms, at the pace of time. Where
/// there is nothing silence is, until a second is there again; full at four seconds: the oldest goes. Any thread.
class StreamEcho {
 public:
  StreamEcho();
  void put(std::span<const std::int16_t> samples);
  void take(std::span<std::int16_t> samples);

 private:
  std::mutex mutex_;
  std::vector<std::int16_t> ring_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  bool filling_ = true;
};

}  // namespace loa::node
