#include <catch2/catch.hpp>

#include "node-firmware/lifecycle.hpp"

using namespace loa::node;

TEST_CASE("the table of transitions") {
  struct Row {
    const char* name;
    Lifecycle now;
    Event event;
    std::optional<Lifecycle> next;
  };
  const std::vector<Row> rows{
      {"what was kept was read", Lifecycle::starting, Event::loaded, Lifecycle::connecting},
      {"a plan whose files are missing", Lifecycle::connecting, Event::files_missing, Lifecycle::fetching},
      {"the last file was verified", Lifecycle::fetching, Event::files_complete, Lifecycle::ready},
      {"a broadcast begins", Lifecycle::ready, Event::broadcast_sounds, Lifecycle::playing},
      {"an alert takes over", Lifecycle::playing, Event::alert_sounds, Lifecycle::alerting},
      {"the broadcast comes back", Lifecycle::alerting, Event::broadcast_sounds, Lifecycle::playing},
      {"it ends", Lifecycle::playing, Event::silence, Lifecycle::ready},
      {"the plan is past its end", Lifecycle::ready, Event::plan_ended, Lifecycle::expired},
      {"alerts go on", Lifecycle::expired, Event::alert_sounds, Lifecycle::alerting},
      {"no broadcast of an ended plan", Lifecycle::expired, Event::broadcast_sounds, std::nullopt},
      {"no broadcast without a plan", Lifecycle::connecting, Event::broadcast_sounds, std::nullopt},
      {"an order to stop", Lifecycle::alerting, Event::stop_asked, Lifecycle::stopping},
      {"everything was said", Lifecycle::stopping, Event::closed, Lifecycle::gone},
      {"nothing after the end", Lifecycle::gone, Event::alert_sounds, std::nullopt},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) { CHECK(next_lifecycle(row.now, row.event) == row.next); }
  }
}

TEST_CASE("every lifecycle but the last can be stopped") {
  for (int state = 0; state < static_cast<int>(Lifecycle::gone); ++state)
    CHECK(next_lifecycle(static_cast<Lifecycle>(state), Event::stop_asked) == Lifecycle::stopping);
}
