#include <catch2/catch.hpp>
#include <fstream>

#include "node-firmware/start_count.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace std::chrono_literals;
using node::StartCount;

TEST_CASE("quick deaths make each start wait longer, and the fifth leads into the safe mode, which says why") {
  tests::TempFolder folder;
  const std::vector<std::chrono::seconds> waits{0s, 0s, 5s, 10s, 15s};
  for (int deaths = 0; deaths < StartCount::kSafeAfter; ++deaths) {
    StartCount count(folder.path());
    const auto start = count.begin();
    CHECK(start.deaths == deaths);
    CHECK(start.wait == waits[static_cast<std::size_t>(deaths)]);
    CHECK_FALSE(start.safe);
    if (deaths == StartCount::kSafeAfter - 1) count.dies("no\nmemory");
  }
  const auto safe = StartCount(folder.path()).begin();
  REQUIRE(safe.safe);
  CHECK_THAT(*safe.safe, Catch::Contains("5 times") && Catch::Contains("no memory"));
  CHECK_THAT(*StartCount(folder.path()).begin().safe, Catch::Contains("without a word"));
}

TEST_CASE("waits are bounded") {
  tests::TempFolder folder;
  for (int n = 0; n < 50; ++n) StartCount(folder.path()).begin();
  CHECK(StartCount(folder.path()).begin().wait == 60s);
}

TEST_CASE("what ends the counting of deaths") {
  struct Row {
    const char* name;
    void (*act)(StartCount&);
    int deaths;
    bool safe;
  };
  const std::vector<Row> rows{{"a long run", [](StartCount& count) { count.good(); }, 0, false},
                              {"an orderly end", [](StartCount& count) { count.ended(); }, 0, false},
                              {"a trial of the normal mode", [](StartCount& count) { count.trial(); }, 4, false},
                              {"a trial that dies quickly", [](StartCount& count) { count.trial(), count.begin(); }, 5, true}};
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      tests::TempFolder folder;
      StartCount count(folder.path());
      for (int n = 0; n < 7; ++n) count.begin();
      row.act(count);
      const auto start = count.begin();
      CHECK(start.deaths == row.deaths);
      CHECK(start.safe.has_value() == row.safe);
    }
  }
}

TEST_CASE("no state of the runtime folder keeps a node from starting") {
  tests::TempFolder folder;
  SECTION("there is none") {
    StartCount count({});
    for (int n = 0; n < 9; ++n) CHECK_FALSE(count.begin().safe);
  }
  SECTION("it is gone") { CHECK(StartCount(folder / "gone").begin().deaths == 0); }
  SECTION("what it holds is damaged") {
    std::ofstream(folder / "starts") << "-3 many";
    CHECK(StartCount(folder.path()).begin().deaths == 0);
  }
}
