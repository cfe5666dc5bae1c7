#include "node-firmware/edge/supply_current.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "node-firmware/edge/edge.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa::node::edge;
using namespace std::chrono_literals;

namespace {

/// A board whose amplifier's current stands in a file.
struct Fed {
  Fed() {
    Settings settings;
    settings.current = CurrentSettings{folder / "in_voltage0_raw", 40};
    edge.emplace(settings, Edge::Parts{}, 0s);
    show("20");
  }
  void show(const std::string& text) const { std::ofstream(folder / "in_voltage0_raw") << text << "\n"; }
  void unplug() const { std::filesystem::remove(folder / "in_voltage0_raw"); }
  /// A track of so many looks; `at` sets the file before each.
  Measured play(std::optional<double> sent, int looks, const std::function<void(int)>& at) {
    edge->began(now, ++track);
    for (int i = 0; i < looks; ++i) {
      at(i);
      CHECK(edge->expect(now, {true, {}}) == now + SupplyCurrent::kLook);
      now += SupplyCurrent::kLook;
    }
    const auto measured = edge->ended(now, track, sent);
    CHECK_FALSE(edge->expect(now, {false, {}}));
    return measured;
  }
  loa::tests::TempFolder folder;
  std::optional<Edge> edge;
  Monotonic now{};
  std::uint64_t track = 0;
};

}  // namespace

TEST_CASE("the current tells whether an amplifier sounds, and where it cannot tell it does not") {
  struct Row {
    const char* name;
    std::function<std::string(int)> shows;
    Measured measured;
    bool fault = false;
    std::optional<double> sent = -20.0;
    int looks = 50;
  };
  const auto always = [](const char* text) { return [text](int) { return std::string(text); }; };
  const std::vector<Row> rows{
      {"it takes current", always("120"), {true, {}, false}},
      {"a figure with a fraction", always("40.5"), {true, {}, false}},
      {"speech with pauses", [](int i) { return std::string(i % 5 == 0 ? "90" : "20"); }, {true, {}, false}},
      {"as much as at rest", always("40"), {true, {}, true}, true},
      {"a negative figure", always("-900"), {true, {}, true}, true},
      {"one spike is no sound", [](int i) { return std::string(i == 7 ? "90" : "20"); }, {true, {}, true}, true},
      {"too short to tell", always("20"), {}, false, -20.0, 4},
      {"silence was sent", always("20"), {}, false, -90.0},
      {"nothing was sent", always("20"), {}, false, std::nullopt},
      {"words", always("n/a"), {false, {}, false}, true},
      {"an empty file", always(""), {false, {}, false}, true},
      {"more digits than a number has", always("99999999999999999999999999999999999999999999999999999999999999999"), {true, {}, false}},
      {"not a number", always("nan"), {false, {}, false}, true},
      {"infinity", always("inf"), {false, {}, false}, true},
      {"it fails now and then, and takes current", [](int i) { return std::string(i % 2 ? "120" : "n/a"); }, {true, {}, false}},
      {"it fails now and then, and takes none: who knows", [](int i) { return std::string(i % 9 ? "20" : "n/a"); }, {false, {}, false}, true},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Fed with;
      CHECK(with.play(row.sent, row.looks, [&](int i) { with.show(row.shows(i)); }) == row.measured);
      CHECK((with.edge->readings().amplifier == AmplifierState::fault) == row.fault);
      CHECK(with.edge->trouble().empty() != row.fault);
      CHECK(with.edge->readings().measures == row.measured.measured);
      CHECK(with.play(-20, 50, [&](int) { with.show("120"); }) == Measured{true, {}, false});
      CHECK(with.edge->readings().amplifier == AmplifierState::on);
      CHECK(with.edge->readings().measures);
      CHECK_FALSE(with.edge->readings().amplifier_dbfs);
    }
  }
}

TEST_CASE("a file that is gone is a fault, and none once it is back") {
  Fed with;
  with.unplug();
  CHECK(with.play(-20, 50, [](int) {}) == Measured{});
  CHECK_THAT(with.edge->trouble(), Catch::Contains("in_voltage0_raw holds no number"));
  with.show("100");
  CHECK(with.play(-20, 50, [](int) {}).measured);
  CHECK(with.edge->trouble().empty());
}

TEST_CASE("the file is read only while something sounds, and no oftener than it says") {
  Fed with;
  CHECK_FALSE(with.edge->expect(0s, {false, 5s}));
  with.edge->began(5s, 1);
  CHECK(with.edge->expect(5s, {true, {}}) == Monotonic(5200ms));
  CHECK(with.edge->expect(5050ms, {true, {}}) == Monotonic(5200ms));
}
