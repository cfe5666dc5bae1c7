#pragma once
#include "scheduler/time.hpp"

namespace loa::node {

/// When this program was built: no true clock is before it.
scheduler::TimePoint build_date();

}  // namespace loa::node
