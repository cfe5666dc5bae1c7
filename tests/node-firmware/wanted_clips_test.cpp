#include <catch2/catch.hpp>

#include "node-firmware/clip_shelf.hpp"
#include "scheduler/playhead.hpp"

using namespace loa;
using namespace std::chrono_literals;
using scheduler::LateRule;

namespace {

const auto kNow = scheduler::from_ms(1'790'000'000'000);

scheduler::Item clip(char name) {
  scheduler::Item item;
  item.sha256 = std::string(64, name);
  item.bytes = 1000;
  item.duration = 60s;
  return item;
}

scheduler::Occurrence occurrence(char name, scheduler::Millis due, LateRule late = LateRule::join, scheduler::Millis limit = 0s) {
  scheduler::Occurrence made;
  made.id = std::string(1, name);
  made.due = kNow + due;
  made.duration = 60s;
  made.items = {clip(name)};
  made.late = late;
  made.late_limit = limit;
  return made;
}

std::string names(const std::vector<node::WantedClip>& clips) {
  std::string all;
  for (const auto& one : clips) all += one.sha256[0];
  return all;
}

}  // namespace

TEST_CASE("a clip is wanted as long as its occurrence may sound") {
  struct Row {
    const char* name;
    scheduler::Occurrence occurrence;
    bool ended;
    bool wanted;
    bool to_come;  // asked without a history
  };
  const std::vector<Row> rows{{"yet to come", occurrence('a', 1h), false, true, true},
                              {"on", occurrence('a', -30s), false, true, true},
                              {"over, and had its outcome", occurrence('a', -2min), true, false, false},
                              {"cut, and may come back", occurrence('a', -2min), false, true, false},
                              {"cut, and too late to come back", occurrence('a', -32min), false, false, false},
                              {"may begin late", occurrence('a', -2h, LateRule::skip, 3h), false, true, false},
                              {"too late to begin", occurrence('a', -2h, LateRule::skip, 1h), false, false, false}};
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      scheduler::Plan plan;
      plan.occurrences = {row.occurrence};
      scheduler::History history;
      if (row.ended) history.occurrences["a"].outcome = scheduler::Outcome::played;
      CHECK(node::wanted_clips(&plan, {}, kNow, &history).size() == (row.wanted ? 1 : 0));
      CHECK(node::wanted_clips(&plan, {}, kNow).size() == (row.to_come ? 1 : 0));
    }
  }
}

TEST_CASE("over a slow line an alert's clip comes first, then what is due within the hour, then stock clips, then the rest") {
  scheduler::Plan plan;
  plan.made = kNow - 24h;
  plan.occurrences = {occurrence('b', 5min), occurrence('d', 5h)};
  plan.settings.stock = {{"flood", std::string(64, 'c'), 1000, 5s}};
  scheduler::Alert alert;
  alert.clip = clip('a');
  alert.expires = kNow + 1h;
  CHECK(names(node::wanted_clips(&plan, {alert}, kNow)) == "abcd");
}
