#pragma once
#include <optional>
#include <string>

#include "controller/api/call.hpp"
#include "controller/api/fields.hpp"
#include "controller/store/broadcasts.hpp"
#include "scheduler/problem.hpp"

// What is of its own kind in a broadcast of a stream.
namespace loa::api {

/// `stream`, `duration_s` and what only one of programme and stream may have; faults where they do not go together. Call after `programme`,
/// `after_interrupt` and `late` were read into `broadcast`.
void read_relay(Fields& fields, store::Broadcast& broadcast);

/// Sets `area`, whose the relay is; or why the caller cannot relay this stream there: it is not for all these nodes, or no area of the caller's holds
/// them all.
std::optional<http::Problem> settle_relay(const StoreCall& call, store::Broadcast& broadcast);

/// What the officer must know of the stream before saving.
std::vector<scheduler::Problem> relay_problems(store::Session& db, const store::Broadcast& broadcast);

}  // namespace loa::api
