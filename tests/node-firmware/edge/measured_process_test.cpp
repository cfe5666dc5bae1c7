#include "tests/node-firmware/wire.hpp"
#include "tests/support/ear_pcm.hpp"

// The real program with a line-in: what it records, and what its state says.

using namespace loa;
using namespace loa::tests;

TEST_CASE("a board that measures the amplifier's current records that it sounded, and says so when it did not") {
  TempFolder sys;
  const auto show = [&sys](const char* number) {
    std::ofstream(sys / "raw.new") << number << "\n";
    std::filesystem::rename(sys / "raw.new", sys / "raw");
  };
  show("310");
  Wire wire("[sink]\nkind = \"null\"\n[level]\ncurrent = \"" + (sys / "raw").string() + "\"\ncurrent_floor = 120\n");
  wire.start_broker();
  wire.start_node(true);
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  struct Row {
    const char* name;
    const char* shows;
    scheduler::Outcome outcome;
    scheduler::LevelKind kind;
    protocol::Amplifier amplifier;
  };
  const std::vector<Row> rows{
      {"it takes current", "310", scheduler::Outcome::played, scheduler::LevelKind::measured, protocol::Amplifier::on},
      {"it takes none", "95", scheduler::Outcome::failed, scheduler::LevelKind::measured, protocol::Amplifier::fault},
      {"nobody knows", "?", scheduler::Outcome::played, scheduler::LevelKind::digital, protocol::Amplifier::fault},
      {"it takes current again", "310", scheduler::Outcome::played, scheduler::LevelKind::measured, protocol::Amplifier::on},
  };
  std::int64_t number = 0;
  for (const auto& row : rows) {
    INFO(row.name);
    show(row.shows);
    wire.plan(2s);
    REQUIRE(wire.until([&] { return wire.records.contains(number + 1); }, 20s));
    const auto& record = wire.records.at(++number);
    CHECK(record.outcome == row.outcome);
    if (row.outcome == scheduler::Outcome::failed) CHECK(record.reason == "silent");
    CHECK(record.level_kind == row.kind);
    CHECK(record.level_dbfs);
    CHECK_FALSE(record.amplifier_dbfs);
    CHECK(wire.until([&] { return wire.state->amplifier == row.amplifier; }));
  }
}

TEST_CASE("a board with a line-in records what came out of its amplifier, and says so when nothing does") {
  EarPcm ear;
  ear.hear(0.1);
  TempFolder sys;
  std::ofstream(sys / "online") << "1\n";
  std::ofstream(sys / "temp") << "51250\n";
  std::ofstream(sys / "rx_bytes") << "700\n";
  std::ofstream(sys / "tx_bytes") << "300\n";
  const auto path = sys.path().string();
  Wire wire("[sink]\nkind = \"null\"\n[level]\ncapture_device = \"ear\"\n[inputs]\nmains = \"" + path + "\"\ntemperature = \"" + path +
                "/temp\"\n[data]\ninterface = \"" + path + "\"\nbudget_mib = 500\n",
            ear.environment());
  wire.start_broker();
  wire.start_node(true);
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  REQUIRE(wire.until([&] { return wire.state->supply == protocol::Supply::mains; }));
  CHECK(wire.state->temperature_c == 51.3);
  CHECK(wire.state->data_used == 1000);
  CHECK(wire.state->data_budget == std::int64_t{500} << 20);

  wire.plan(3s);
  REQUIRE(wire.until([&] { return wire.records.size() == 1; }));
  const auto good = wire.records.at(1);
  CHECK(good.outcome == scheduler::Outcome::played);
  CHECK(good.level_kind == scheduler::LevelKind::measured);
  CHECK(good.amplifier_dbfs.value_or(0) == Approx(-23).margin(1));
  REQUIRE(good.level_dbfs);

  ear.hear(0);
  wire.plan(3s);
  REQUIRE(wire.until([&] { return wire.records.size() == 2; }));
  CHECK(wire.records.at(2).outcome == scheduler::Outcome::failed);
  CHECK(wire.records.at(2).reason == "silent");
  CHECK(wire.records.at(2).amplifier_dbfs.value_or(0) < -60);
  REQUIRE(wire.until([&] { return wire.state->amplifier == protocol::Amplifier::fault; }));

  ear.unplug();
  wire.plan(3s);
  REQUIRE(wire.until([&] { return wire.records.size() == 3; }));
  CHECK(wire.records.at(3).outcome == scheduler::Outcome::played);  // as far as anybody can tell
  CHECK(wire.records.at(3).level_kind == scheduler::LevelKind::digital);
  CHECK_FALSE(wire.records.at(3).amplifier_dbfs);

  ear.hear(0.1);
  wire.plan(3s);
  REQUIRE(wire.until([&] { return wire.records.size() == 4; }));
  CHECK(wire.records.at(4).level_kind == scheduler::LevelKind::measured);
  REQUIRE(wire.until([&] { return wire.state->amplifier == protocol::Amplifier::on; }));
}
