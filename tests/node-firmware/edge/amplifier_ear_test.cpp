#include "node-firmware/edge/edge.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/temp_folder.hpp"

using namespace loa::node::edge;
using namespace std::chrono_literals;

namespace {

/// What a meter would have heard, as the test says.
struct FakeMeter final : LevelMeter {
  void listen(bool on) override { listening = on; }
  HeardTotal total() const override { return heard; }
  std::string trouble() const override { return listening ? why : ""; }
  void hear(double db, double seconds) {
    heard.seconds += seconds;
    heard.energy += std::pow(10.0, db / 10) * seconds;
  }
  bool listening = false;
  HeardTotal heard;
  std::string why;
};

struct Eared {
  Eared() {
    Settings settings;
    settings.ear = EarSettings{"hw:1,0", -60};
    auto owned = std::make_unique<FakeMeter>();
    meter = owned.get();
    Edge::Parts parts;
    parts.meter = std::move(owned);
    edge.emplace(settings, std::move(parts), 0s);
  }
  /// A track of ten seconds that was heard so loud; nothing where the device gave nothing.
  Measured play(std::optional<double> sent, std::optional<double> came) {
    edge->expect(now, {true, {}});
    edge->began(now, ++track);
    now += 10s;
    if (came) meter->hear(*came, 10);
    const auto measured = edge->ended(now, track, sent);
    edge->expect(now, {false, {}});
    return measured;
  }
  FakeMeter* meter = nullptr;
  std::optional<Edge> edge;
  Monotonic now{};
  std::uint64_t track = 0;
};

}  // namespace

TEST_CASE("what came out of the amplifier is held against what was sent") {
  struct Row {
    const char* name;
    std::optional<double> sent, came;
    Measured measured;
    bool fault;
  };
  const std::vector<Row> rows{
      {"it sounds", -20, -25, {true, -25.0, false}, false},
      {"hardly above the floor", -20, -59, {true, -59.0, false}, false},
      {"silence", -20, -75, {true, -75.0, true}, true},
      {"the device gives nothing", -20, {}, {false, {}, false}, true},
      {"silence was sent, and heard", -90, -75, {true, -75.0, false}, false},
      {"nothing was sent", {}, -75, {true, -75.0, false}, false},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Eared with;
      const auto measured = with.play(row.sent, row.came);
      CHECK(measured.measured == row.measured.measured);
      CHECK(measured.silent == row.measured.silent);
      REQUIRE(measured.dbfs.has_value() == row.measured.dbfs.has_value());
      if (measured.dbfs) CHECK(*measured.dbfs == Approx(*row.measured.dbfs));
      CHECK((with.edge->readings().amplifier == AmplifierState::fault) == row.fault);
      with.play(-20, -25);
      CHECK(with.edge->readings().amplifier == AmplifierState::on);
      CHECK(with.edge->readings().amplifier_dbfs.value() == Approx(-25));
    }
  }
}

TEST_CASE("what the line-in hears and the current does not is silent: no loudspeaker is connected") {
  loa::tests::TempFolder folder;
  std::ofstream(folder / "raw") << "20\n";
  Settings settings;
  settings.ear = EarSettings{"hw:1,0", -60};
  settings.current = CurrentSettings{folder / "raw", 40};
  auto owned = std::make_unique<FakeMeter>();
  auto* meter = owned.get();
  Edge::Parts parts;
  parts.meter = std::move(owned);
  Edge edge(settings, std::move(parts), 0s);
  edge.began(0s, 1);
  for (Monotonic now{}; now < 10s; now += SupplyCurrent::kLook) edge.expect(now, {true, {}});
  meter->hear(-25, 10);
  const auto measured = edge.ended(10s, 1, -20);
  CHECK(measured.measured);
  CHECK(measured.silent);
  CHECK(measured.dbfs.value() == Approx(-25));
  CHECK(edge.readings().amplifier == AmplifierState::fault);
}

TEST_CASE("the ear is open around sound alone, and a track of a blink is not judged") {
  Eared with;
  CHECK(with.edge->expect(0s, {false, 20s}) == Monotonic(19s));
  CHECK_FALSE(with.meter->listening);
  with.edge->expect(19s, {false, 20s});
  CHECK(with.meter->listening);
  with.edge->expect(20s, {true, {}});
  with.edge->began(20s, 1);
  with.meter->hear(-90, 0.6);
  CHECK_FALSE(with.edge->ended(20600ms, 1, -20).silent);
  CHECK(with.edge->readings().amplifier == AmplifierState::on);
  CHECK(with.edge->expect(21s, {false, {}}) == Monotonic(22s));
  CHECK(with.meter->listening);
  with.edge->expect(22s, {false, {}});
  CHECK_FALSE(with.meter->listening);
  CHECK(with.edge->ended(23s, 77, -20) == Measured{});  // of a track that nobody told of
}

TEST_CASE("a board without hardware tells nothing of it") {
  Edge edge({}, {}, 0s);
  CHECK(edge.expect(0s, {true, 5s}) == std::nullopt);
  edge.began(0s, 1);
  CHECK(edge.ended(5s, 1, -20) == Measured{});
  CHECK(edge.readings() == Readings{});
}
