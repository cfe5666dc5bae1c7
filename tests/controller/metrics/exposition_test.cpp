#include "controller/metrics/exposition.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

using namespace loa::metrics;

TEST_CASE("families are written as Prometheus reads them, and empty ones are left out") {
  const auto text = exposition({{"loa_nodes", "Nodes by state.", Kind::gauge, {{{{"state", "ready"}}, 3}, {{{"state", "a\"b\\c\nd"}}, 0}}},
                                {"loa_plays_total", "Plays.", Kind::counter, {{{}, 12'345'678'901}}},
                                {"loa_nothing", "Nothing.", Kind::gauge, {}}});
  CHECK(text ==
        "# HELP loa_nodes Nodes by state.\n# TYPE loa_nodes gauge\nloa_nodes{state=\"ready\"} 3\nloa_nodes{state=\"a\\\"b\\\\c\\nd\"} 0\n"
        "# HELP loa_plays_total Plays.\n# TYPE loa_plays_total counter\nloa_plays_total 12345678901\n");
}

TEST_CASE("families that break the rules are a bug, and say which") {
  std::vector<Sample> many;
  for (std::size_t i = 0; i <= kMostSamples; ++i) many.push_back({{{"node", std::to_string(i)}}, 1});
  struct Row {
    const char* name;
    std::vector<Family> families;
    const char* message;
  };
  const Row rows[] = {
      {"a name with a space", {{"loa nodes", "h", Kind::gauge, {{{}, 1}}}}, "metrics: loa nodes is no name"},
      {"a counter without its ending", {{"loa_plays", "h", Kind::counter, {{{}, 1}}}},
       "metrics: loa_plays must end in _total if, and only if, it is a counter"},
      {"a gauge with a counter's ending", {{"loa_nodes_total", "h", Kind::gauge, {{{}, 1}}}},
       "metrics: loa_nodes_total must end in _total if, and only if, it is a counter"},
      {"a label that is no name", {{"loa_nodes", "h", Kind::gauge, {{{{"the state", "x"}}, 1}}}},
       "metrics: loa_nodes has a label the state, which is no name"},
      {"the same figure twice", {{"loa_nodes", "h", Kind::gauge, {{{{"a", "x"}}, 1}, {{{"a", "x"}}, 2}}}},
       "metrics: loa_nodes has two figures with the same labels"},
      {"a family twice", {{"loa_nodes", "h", Kind::gauge, {{{}, 1}}}, {"loa_nodes", "h", Kind::gauge, {{{}, 1}}}},
       "metrics: loa_nodes comes twice"},
      {"a figure for each of many", {{"loa_nodes", "h", Kind::gauge, many}}, "metrics: loa_nodes has more figures than are allowed"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) { CHECK_THROWS_WITH(exposition(row.families), row.message); }
  }
}
