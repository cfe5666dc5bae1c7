#include <catch2/catch.hpp>

#include "listener.hpp"

using namespace loa;
using namespace loa::tests;

namespace {

// One broadcast of a minute, 10 s from now, with a substitute of 30 s; the stand-in is the stock clip "flood", of 5 s.
struct Ladder : Listener {
  Ladder() {
    auto plan = node.plan(100);
    plan.settings.stand_in = "flood";
    auto occurrence = node.occurrence("b-1", node.now() + 10s, 60s);
    clip = occurrence.items[0].sha256;
    auto substitute = occurrence.items[0];
    substitute.sha256 = spare = std::string(64, '9');
    substitute.duration = 30s;
    node.lengths[spare] = 30s;
    occurrence.substitutes = {substitute};
    plan.occurrences = {occurrence};
    names[clip] = "clip";
    names[spare] = "spare";
    node.send_plan(plan);
  }
  void hold(const std::string& sha256) { node.shelf.held[sha256] = true; }
  void lose(const std::string& sha256) { node.shelf.held.erase(sha256); }
  void break_what_sounds() {
    const auto [id, told] = *node.player().tracks.begin();
    node.player().failed(id, "player_error", 20s);
  }
  std::string clip, spare;
};

struct Row {
  const char* name;
  std::function<void(Ladder&)> act;
  std::string heard;
  std::string end;  ///< of the one record
};

const std::vector<Row> kRows{
    {"the clip as planned", [](Ladder& l) { l.hold(l.spare); }, "clip", "played  60/60"},
    {"a substitute where the clip is not there", [](Ladder& l) { l.lose(l.clip); l.hold(l.spare); }, "spare", "partial substituted 30/60"},
    {"the stand-in where no substitute is there", [](Ladder& l) { l.lose(l.clip); }, "flood", "partial substituted 5/60"},
    {"silence with its reason where nothing is there",
     [](Ladder& l) {
       l.lose(l.clip);
       l.node.shelf.held.clear();
       l.node.shelf.reasons[l.clip] = "not_found";
     },
     "", "failed not_found 0/60"},
    {"a clip that breaks in mid-play gives way to its substitute once",
     [](Ladder& l) {
       l.hold(l.spare);
       l.listen(30s);
       l.break_what_sounds();
     },
     "clip spare", "partial substituted 50/60"},
    {"a clip that breaks in mid-play gives way to the stand-in",
     [](Ladder& l) {
       l.listen(30s);
       l.break_what_sounds();
     },
     "clip flood", "partial substituted 25/60"},
};

}  // namespace

TEST_CASE("a node sounds what it has for what is due, and says how it came") {
  for (const auto& row : kRows) {
    DYNAMIC_SECTION(row.name) {
      Ladder ladder;
      row.act(ladder);
      ladder.listen(2min);
      CHECK(ladder.heard == row.heard);
      const auto records = ladder.records();
      CHECK(records.substr(records.find(' ') + 1) == row.end);
    }
  }
}
