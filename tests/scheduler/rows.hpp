#pragma once
#include <functional>
#include <vector>

#include "simulation.hpp"

// Scenes written as rows: what happens, how long it is watched, and the story that it must make.
namespace loa::tests {

struct Row {
  const char* name;
  std::function<void(Simulation&)> build;
  double until;
  const char* story;
};

inline constexpr Class kPriority = Class::priority;

/// Each row in a section of its own.
void tell(const std::vector<Row>& rows);

/// Every clip is there.
void all_playable(Simulation& s);

/// Occurrence A of 60 s from 0, cut by priority P of 10 s at 20.
void cut_by_priority(Simulation& s, AfterInterrupt after);

/// The node is off: nothing asks until `to`; then the time has moved on.
void off_between(Simulation& s, double from, double to);

}  // namespace loa::tests
