#include <catch2/catch.hpp>

#include "node-firmware/record_maker.hpp"

using namespace loa;
using scheduler::Ended;
using scheduler::Outcome;

TEST_CASE("the final record says what was really heard") {
  struct Row {
    const char* name;
    std::int64_t heard_ms;
    std::optional<double> level;
    Outcome by_clock;
    std::string reason;
    std::string fault;
    Outcome outcome;
    std::string word;
  };
  const std::vector<Row> rows{
      {"all of it", 10'000, -20.0, Outcome::played, "", "", Outcome::played, ""},
      {"all but the last second", 9'100, -20.0, Outcome::played, "", "", Outcome::played, ""},
      {"half of it, though the clock says all", 5'000, -20.0, Outcome::played, "", "", Outcome::partial, "short"},
      {"nothing, though the clock says all", 0, {}, Outcome::played, "", "stalled", Outcome::failed, "stalled"},
      {"silence at full volume", 10'000, -110.0, Outcome::played, "", "", Outcome::failed, "silent"},
      {"silence for the part that played", 5'000, -110.0, Outcome::partial, "interrupted", "", Outcome::failed, "silent"},
      {"silence before a fault", 5'000, -110.0, Outcome::partial, "not_playable", "player_error", Outcome::failed, "silent"},
      {"no level ever came", 10'000, {}, Outcome::played, "", "", Outcome::failed, "silent"},
      {"no level of the part that played", 5'000, {}, Outcome::partial, "interrupted", "", Outcome::failed, "silent"},
      {"no level, for the program was restarted", 5'000, {}, Outcome::partial, "restarted", "", Outcome::partial, "restarted"},
      {"no level, for the player failed", 4'000, {}, Outcome::partial, "not_playable", "player_error", Outcome::partial, "player_error"},
      {"too short for a level", 1'500, {}, Outcome::partial, "interrupted", "", Outcome::partial, "interrupted"},
      {"a silent one that was cancelled", 5'000, -110.0, Outcome::cancelled, "stopped", "", Outcome::cancelled, "stopped"},
      {"passed over after a fault", 4'000, -20.0, Outcome::partial, "not_playable", "player_error", Outcome::partial, "player_error"},
      {"passed over with nothing heard", 0, {}, Outcome::partial, "not_playable", "player_error", Outcome::failed, "player_error"},
      {"never fetched, and why", 0, {}, Outcome::failed, "not_fetched", "hash", Outcome::failed, "hash"},
      {"cancelled stays cancelled", 3'000, -20.0, Outcome::cancelled, "plan", "stalled", Outcome::cancelled, "plan"},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      scheduler::PlayRecord draft;
      draft.planned_ms = 10'000;
      draft.heard_ms = row.heard_ms;
      draft.level_dbfs = row.level;
      draft.volume = 100;
      const auto record = node::final_record(draft, Ended{"b-1@x", "", row.by_clock, row.reason, ""}, nullptr, row.fault);
      CHECK(record.outcome == row.outcome);
      CHECK(record.reason == row.word);
    }
  }
}

TEST_CASE("the level of a record is the power over all that sounded") {
  scheduler::PlayRecord draft;
  node::add_heard(draft, 0, 1000, -20.0);
  node::add_heard(draft, 0, 1000, -20.0);
  CHECK(draft.heard_ms == 2000);
  CHECK(*draft.level_dbfs == Approx(-20.0));
  node::add_heard(draft, 0, 2000, -120.0);
  CHECK(*draft.level_dbfs == Approx(-23.01).margin(0.01));
}
