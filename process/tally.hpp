#pragma once
#include <array>
#include <atomic>
#include <cstdint>

#include "process/run.hpp"

namespace loa::process {

/// How often children of one kind ended in which way, since the start of this process. Any thread may count and read.
class Tally {
 public:
  void count(const Outcome& outcome) { ++counts_[static_cast<std::size_t>(outcome.end)]; }
  std::uint64_t of(End end) const { return counts_[static_cast<std::size_t>(end)]; }

 private:
  std::array<std::atomic<std::uint64_t>, kEnds> counts_{};
};

}  // namespace loa::process
