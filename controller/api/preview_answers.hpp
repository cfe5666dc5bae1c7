#pragma once
#include "controller/api/broadcast_request.hpp"

namespace loa::api {

/// One problem of a preview. Of another broadcast that is in the way only what the caller may see is told: one of an own area, or one that
/// stands among the occurrences of own nodes; else nothing but that there is one.
json::object problem_answer(const StoreCall& call, const WantedBroadcast& wanted, const scheduler::Problem& problem);

}  // namespace loa::api
