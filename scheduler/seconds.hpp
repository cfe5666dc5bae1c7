#pragma once
#include <optional>
#include <utility>

#include "scheduler/time.hpp"

namespace loa::scheduler {

/// Whole seconds since the epoch, as others' interfaces take them; nothing where Count cannot hold them: time_t has 32 bits on some boards,
/// and would begin anew in 1901.
template <class Count>
constexpr std::optional<Count> seconds_as(TimePoint time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  if (!std::in_range<Count>(seconds)) return std::nullopt;
  return static_cast<Count>(seconds);
}

}  // namespace loa::scheduler
