#include "node-firmware/build_date.hpp"

namespace loa::node {

// LOA_BUILD_DATE is set by CMake, from SOURCE_DATE_EPOCH where that is set, so that builds can be repeated bit for bit.
scheduler::TimePoint build_date() { return scheduler::from_ms(std::int64_t{LOA_BUILD_DATE} * 1000); }

}  // namespace loa::node
