#pragma once
#include <optional>

#include "controller/store/broadcasts.hpp"

namespace loa::api {

/// The start of the occurrence that has not ended at `now` and is first, or nothing where none is left in the next two years.
std::optional<store::TimePoint> next_start(const store::Broadcast& broadcast, store::Millis duration, store::TimePoint now);

}  // namespace loa::api
