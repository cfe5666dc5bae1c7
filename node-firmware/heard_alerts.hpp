#pragma once
#include <string>
#include <vector>

#include "scheduler/alert.hpp"
#include "scheduler/history.hpp"

namespace loa::node {

/// What has become of soundings of alerts, in words that the normal mode and the safe mode of the program leave for each other: each has a database
/// of its own, and what the one let be heard the other must not sound again. The records stay with the mode that made them.

/// How many of an alert's newest soundings are told of: as many as the playhead asks for where they never sounded, and one more.
inline constexpr std::size_t kHeardOfAlert = 25;

/// The outcomes that `history` has of these alerts: one JSON object, from occurrence id to outcome, the same text for the same outcomes.
std::string write_heard(const scheduler::History& history, const std::vector<scheduler::Alert>& alerts);

/// Writes into `history` the outcomes in `text` of soundings of which it has none. Throws std::invalid_argument where it is no such text; then
/// `history` is as it was.
void read_heard(const std::string& text, scheduler::History& history);

}  // namespace loa::node
