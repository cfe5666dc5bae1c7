#include <catch2/catch.hpp>
#include <cstdlib>
#include <dlfcn.h>

#include "node-firmware/edge/amplifier.hpp"
#include "tests/support/fake_gpiod.hpp"

// The code that talks to libgpiod, with a libgpiod that has no kernel behind it; and with a real one where there is one.

using namespace loa::node::edge;
using namespace std::chrono_literals;
using loa::tests::FakeGpiod;

namespace {

// In this process the stand-in is simply loaded first: who asks for libgpiod.so.2 then gets it.
struct Board : FakeGpiod {
  Board() {
    for (const auto& entry : environment())
      if (entry.starts_with("LOA_FAKE_GPIO=")) ::setenv("LOA_FAKE_GPIO", entry.substr(14).c_str(), 1);
    REQUIRE(::dlopen(LOA_FAKE_GPIOD, RTLD_NOW) != nullptr);
  }
};

}  // namespace

TEST_CASE("a line is driven as active, whatever level that is") {
  Board board;
  const auto lines = make_gpiod_lines();
  SECTION("active high") {
    const auto line = lines->output({"gpiochip0", "17", false}, false);
    CHECK_FALSE(board.high());
    line->set(true);
    CHECK(board.high());
    CHECK(board.changes().back().line == "17");
  }
  SECTION("active low, from the first moment") {
    const auto line = lines->output({"gpiochip0", "17", true}, false);
    CHECK(board.changes().size() == 1);
    CHECK(board.high());
    line->set(true);
    CHECK_FALSE(board.high());
  }
  SECTION("an input by its name") {
    const auto line = lines->input({"gpiochip0", "AMP_FAULT", true});
    CHECK(line->active());
    board.set_high("AMP_FAULT", true);
    CHECK_FALSE(line->active());
  }
}

TEST_CASE("a line that cannot be had says which, why, and what to do") {
  Board board;
  board.set_busy("18", true);
  board.set_broken("19", true);
  const auto lines = make_gpiod_lines();
  struct Row {
    const char* name;
    LineAddress address;
    const char* words;
  };
  const std::vector<Row> rows{
      {"no such chip", {"gpiochip7", "17", false}, "line 17 of gpiochip7: cannot open the chip: No such file or directory"},
      {"no such number", {"gpiochip0", "99", false}, "line 99 of gpiochip0: the chip has no such line"},
      {"no such name", {"gpiochip0", "RELAY", false}, "line RELAY of gpiochip0: the chip has no such line"},
      {"held by another", {"gpiochip0", "18", false}, "another program holds it"},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      CHECK_THROWS_WITH(lines->output(row.address, false), Catch::Contains(row.words));
      CHECK_THROWS_AS(lines->input(row.address), LineError);
    }
  }
  const auto broken = lines->output({"gpiochip0", "19", false}, false);
  CHECK_THROWS_WITH(broken->set(true), Catch::Contains("line 19 of gpiochip0: cannot be set"));
}

TEST_CASE("a real line of a real chip is driven and given back") {
  // Names a line that nothing hangs on, such as one of a gpio-sim chip: "gpiochip0:3".
  const char* free_line = std::getenv("LOA_TEST_GPIO");
  if (!free_line) {
    WARN("skipped: LOA_TEST_GPIO names no line (CHIP:NUMBER) that may be driven; this needs a kernel with gpiochips");
    return;
  }
  const std::string text = free_line;
  const LineAddress address{text.substr(0, text.find(':')), text.substr(text.find(':') + 1), false};
  const auto lines = make_gpiod_lines();
  for (int turn = 0; turn < 2; ++turn) {
    const auto line = lines->output(address, false);
    line->set(true);
    line->set(false);
  }
}
