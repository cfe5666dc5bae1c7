#include "rows.hpp"

#include <catch2/catch.hpp>

namespace loa::tests {

void tell(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Simulation scene;
      row.build(scene);
      scene.run(row.until);
      CHECK(scene.story() == row.story);
    }
  }
}

void all_playable(Simulation& s) { s.history.playable_by_default = true; }

void cut_by_priority(Simulation& s, AfterInterrupt after) {
  all_playable(s);
  Occurrence a = occurrence("A", 0, {clip("a", 60)});
  a.after_interrupt = after;
  plan_of(s, {a, occurrence("P", 20, {clip("p", 10)}, kPriority)});
}

void off_between(Simulation& s, double from, double to) {
  s.on(from, [to](Simulation& sim) {
    if (!sim.heard.empty() && sim.heard.back().until > sim.now) sim.heard.back().until = sim.now;
    sim.now = at_second(to);
    mark_restarted(sim.history);
  });
}

}  // namespace loa::tests
