#pragma once
#include <catch2/catch.hpp>

#include "test_node.hpp"

namespace loa::tests {

/// A node whose plan has one broadcast of a minute, due in ten seconds.
struct Planned {
  Planned() {
    node.connect();
    due = node.now() + 10s;
    plan = node.plan(100);
    plan.occurrences = {node.occurrence("b-1", due, 60s)};
    node.send_plan(plan);
  }
  scheduler::PlayRecord only_record() {
    const auto records = node.records();
    REQUIRE(records.size() == 1);
    return records[0];
  }
  TestNode node;
  TimePoint due;
  scheduler::Plan plan;
};

}  // namespace loa::tests
