#include "node-firmware/edge/data_usage.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "scheduler/data_share.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa::node::edge;
using namespace std::chrono_literals;
using namespace std::chrono;

namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr LocalDate kNovember = 2026y / November / 10d;

/// A board with a SIM, over restarts and reboots.
struct Sim {
  loa::tests::TempFolder folder;
  std::string kept;
  int writes = 0;
  bool disk_full = false;
  std::int64_t budget = 500 * kMiB;
  std::optional<DataUsage> usage;
  nanoseconds now{};

  void counter(std::int64_t received, std::int64_t sent) {
    std::ofstream(folder / "rx_bytes") << received << "\n";
    std::ofstream(folder / "tx_bytes") << sent << "\n";
  }
  void start(const std::string& boot = "boot-1") {
    usage.reset();
    usage.emplace(DataSettings{folder.path(), budget}, boot, kept, [this](const std::string& text) {
      if (disk_full) throw std::runtime_error("No space left on device");
      kept = text;
      ++writes;
    });
  }
  /// Power goes: nothing is written any more.
  void power_cut(const std::string& boot) {
    const auto then = kept;
    usage.reset();
    kept = then;
    start(boot);
  }
  std::int64_t look(std::optional<LocalDate> today = kNovember, nanoseconds after = 15s) {
    now += after;
    usage->look(now, today);
    return usage->used();
  }
};

}  // namespace

TEST_CASE("how far ahead clips are fetched depends on what was used of the budget") {
  struct Row {
    const char* name;
    std::int64_t used, budget;
    LocalDate today;
    std::optional<hours> ahead;
  };
  const std::vector<Row> rows{
      {"no budget", 9000, 0, 2026y / November / 15d, {}},
      {"nothing used on the first", 0, 3000, 2026y / November / 1d, {}},
      {"the first plan on the first", 240, 3000, 2026y / November / 1d, {}},        // 3 of 30 days: 300, of which 80 %
      {"more than that on the first", 241, 3000, 2026y / November / 1d, 24h},
      {"the same in mid-month is little", 241, 3000, 2026y / November / 15d, {}},
      {"80 % of what was due by mid-month", 1361, 3000, 2026y / November / 15d, 24h},  // 17 of 30 days: 1700
      {"80 % at the end of the month", 2400, 3000, 2026y / November / 30d, {}},
      {"all but a byte", 3000, 3000, 2026y / November / 30d, 24h},
      {"all", 3001, 3000, 2026y / November / 30d, 2h},
      {"all on the first", 3001, 3000, 2026y / November / 1d, 2h},
      {"a short month", 2400, 2800, 2026y / February / 28d, 24h},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) { CHECK(loa::scheduler::fetch_ahead(row.used, row.budget, row.today) == row.ahead); }
  }
}

TEST_CASE("what went over the interface counts once, over restarts, reboots and new interfaces") {
  Sim sim;
  sim.counter(2 * kMiB, 1 * kMiB);
  sim.start();
  CHECK(sim.look() == 3 * kMiB);  // since this boot
  sim.counter(5 * kMiB, 2 * kMiB);
  CHECK(sim.look() == 7 * kMiB);
  SECTION("a restart of the program") {
    sim.start();
    CHECK(sim.usage->used() == 7 * kMiB);
    CHECK(sim.look() == 7 * kMiB);
    sim.counter(6 * kMiB, 2 * kMiB);
    CHECK(sim.look() == 8 * kMiB);
  }
  SECTION("a reboot in order") {
    sim.counter(1 * kMiB, 0);
    sim.start("boot-2");
    CHECK(sim.look() == 8 * kMiB);
  }
  SECTION("a reboot after which the counter is already higher than before") {
    sim.counter(50 * kMiB, 0);
    sim.start("boot-2");
    CHECK(sim.look() == 57 * kMiB);
  }
  SECTION("the modem comes back as a new interface") {
    sim.counter(1 * kMiB, 1 * kMiB);
    CHECK(sim.look() == 9 * kMiB);
    sim.counter(2 * kMiB, 1 * kMiB);
    CHECK(sim.look() == 10 * kMiB);
  }
  SECTION("it is gone for a while") {
    std::filesystem::remove(sim.folder / "rx_bytes");
    CHECK(sim.look() == 7 * kMiB);
    sim.counter(5 * kMiB, 3 * kMiB);
    CHECK(sim.look() == 8 * kMiB);
  }
  SECTION("a power cut loses at most what one hour cost") {
    sim.look(kNovember, 1h);
    CHECK(sim.writes == 1);
    sim.counter(8 * kMiB, 2 * kMiB);
    sim.look(kNovember, 59min);
    sim.power_cut("boot-2");
    sim.counter(1 * kMiB, 0);
    CHECK(sim.look() == 8 * kMiB);
  }
  SECTION("what is kept was damaged") {
    sim.usage.reset();
    sim.kept = "2026-11 seven";
    sim.start();
    CHECK(sim.usage->used() == 0);
    CHECK(sim.look() == 7 * kMiB);
  }
}

TEST_CASE("a month begins on its first local day, and not while the node does not know the time") {
  Sim sim;
  sim.counter(9 * kMiB, 0);
  sim.start();
  CHECK(sim.look(std::nullopt) == 9 * kMiB);
  CHECK(sim.look(2026y / November / 30d) == 9 * kMiB);  // the month becomes known, and keeps it
  sim.counter(10 * kMiB, 0);
  CHECK(sim.look(std::nullopt) == 10 * kMiB);
  sim.counter(11 * kMiB, 0);
  CHECK(sim.look(2026y / December / 1d) == 0);
  sim.counter(12 * kMiB, 0);
  CHECK(sim.look(2026y / December / 1d) == 1 * kMiB);
  sim.start();
  CHECK(sim.look(2026y / December / 2d) == 1 * kMiB);
}

TEST_CASE("the count costs flash at most a write an hour, and none at rest") {
  Sim sim;
  sim.counter(0, 0);
  sim.start();
  std::int64_t counter = 0;
  for (int minute = 0; minute < 24 * 60; ++minute) {
    sim.counter(counter += 1000, 0);  // an idle day: 1.4 MB
    sim.look(kNovember, 1min);
  }
  CHECK(sim.writes <= 6);
  CHECK(sim.writes >= 4);
  sim.writes = 0;
  for (int minute = 0; minute < 24 * 60; ++minute) {
    sim.counter(counter += 1 * kMiB, 0);
    sim.look(kNovember, 1min);
  }
  CHECK(sim.writes <= 24);
}

TEST_CASE("a disk that is full does not stop the count") {
  Sim sim;
  sim.counter(1 * kMiB, 0);
  sim.start();
  sim.disk_full = true;
  sim.look();
  sim.counter(3 * kMiB, 0);
  CHECK(sim.look(kNovember, 2h) == 3 * kMiB);
  CHECK(sim.kept.empty());
  sim.disk_full = false;
  sim.look(kNovember, 2h);
  CHECK_FALSE(sim.kept.empty());
}

TEST_CASE("a budget that is used up is told with the horizon") {
  Sim sim;
  sim.budget = 5 * kMiB;
  sim.counter(1 * kMiB, 0);
  sim.start();
  sim.look();
  CHECK(sim.usage->ahead() == std::nullopt);
  sim.counter(6 * kMiB, 0);
  sim.look();
  CHECK(sim.usage->ahead() == 2h);
  sim.look(2026y / December / 1d);
  CHECK(sim.usage->ahead() == std::nullopt);
}
