#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/false_clock.hpp"
#include "tests/system/village.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

struct Board {
  const char* code;
  const char* clock;
};

// Boards whose battery is empty, each for itself: one wakes in 1970, one in 2040.
const std::vector<Board> kBoards{{"PX-01", "@1970-01-01 00:00:05"}, {"PX-02", "@2040-06-01 12:00:00"}};

class Boards {
 public:
  explicit Boards(Village& village) : village_(village) {
    for (const auto& board : kBoards) {
      village.add_node(board.code, Village::kWard);
      village.start_node(board.code);
    }
  }
  void lose_power() {
    for (const auto& board : kBoards) village_.node(board.code).kill();
  }
  /// Nothing of an earlier boot is worth anything now.
  void boot_cold() {
    ++boots_;
    for (const auto& board : kBoards) {
      const auto id = std::string("00000000-0000-4000-8000-00000000000") + std::to_string(boots_);
      village_.start_node(board.code, {another_boot(village_.node_folder(board.code) / "boot_id", id), false_clock(board.clock)});
    }
  }
  json::value report(const char* code) { return village_.admin().get("/nodes/" + village_.node_id(code)).at("report"); }
  bool all_have_clock(const std::string& quality) {
    for (const auto& board : kBoards)
      if (text(report(board.code), "clock") != quality) return false;
    return true;
  }

 private:
  Village& village_;
  int boots_ = 0;
};

void check_outcomes(const json::array& records, const std::string& outcome, const std::vector<std::string>& reasons, bool heard) {
  for (const auto& record : records) {
    INFO(json::serialize(record));
    CHECK(text(record, "outcome") == outcome);
    CHECK(std::find(reasons.begin(), reasons.end(), text(record, "reason")) != reasons.end());
    CHECK((record.at("heard_ms").as_int64() > 0) == heard);
  }
}

/// Records of one broadcast from both boards; asks again while the controller is still starting.
json::array both_records(Village& village, const std::string& broadcast) {
  json::array records;
  eventually(60s, [&] {
    try {
      records = village.records("broadcast=" + broadcast);
    } catch (const std::exception&) {
      return false;
    }
    return records.size() >= kBoards.size();
  });
  return records;
}

}  // namespace

TEST_CASE("boards that wake in 1970 and in 2040 take the time from the head that answers them, and play nothing on a guess") {
  Village village;
  Boards boards(village);
  REQUIRE(village.nodes_ready());
  const auto programme = village.approved_programme();

  // With network and controller: connected, dated by a head, and on time.
  const auto first = village.schedule(programme, 14s);
  REQUIRE(village.nodes_ready());
  boards.lose_power();
  boards.boot_cold();
  // Not the report of before: that had the true time.
  const auto offset = [&](const char* code) { return boards.report(code).at("clock_offset_ms").as_int64(); };
  const bool dated = eventually(30s, [&] {
    return boards.all_have_clock("head") && offset("PX-01") > std::int64_t{50} * 365 * 86'400'000 && offset("PX-02") < -std::int64_t{10} * 365 * 86'400'000;
  });
  INFO(village.last_words());
  REQUIRE(dated);
  const auto played = both_records(village, first);
  REQUIRE(played.size() == 2);
  check_outcomes(played, "played", {""}, true);
  for (const auto& record : played) CHECK(std::abs(record.at("start_error_us").as_int64()) < 2'000'000);

  // The controller is dead, the broker alive and full of retained plans: none sounds. Then the same without any network.
  for (const bool broker_too : {false, true}) {
    INFO((broker_too ? "no network" : "controller dead"));
    const auto unheard = village.schedule(programme, 10s);
    REQUIRE(village.nodes_ready());
    village.controller().kill();
    if (broker_too) village.broker().kill();
    boards.lose_power();
    boards.boot_cold();
    CHECK_FALSE(village.node("PX-01").wait_for_line(unheard + "@", 16s).has_value());  // longer than until its end
    CHECK_FALSE(village.node("PX-02").wait_for_line(unheard + "@", 10ms).has_value());
    if (broker_too) village.start_broker();
    village.start_controller();
    const auto skipped = both_records(village, unheard);
    REQUIRE(skipped.size() == 2);
    check_outcomes(skipped, "skipped", {"no_clock", "missed"}, false);
  }
}

TEST_CASE("boards in 2040 by a battery-backed clock and by a false time server: the first is a guess, the second believed, both come back by a head") {
  Village village;
  for (const auto* code : {"PX-01", "PX-02"}) {
    village.add_node(code, Village::kWard);
    village.start_node(code);
  }
  REQUIRE(village.nodes_ready());
  for (const auto* code : {"PX-01", "PX-02"}) village.node(code).kill();
  const auto boot = another_boot_with_rtc(village.node_folder("PX-01") / "boot_id", "00000000-0000-4000-8000-000000000001");
  village.start_node("PX-01", {boot, false_clock("@2040-06-01 12:00:00")});
  const auto other = another_boot(village.node_folder("PX-02") / "boot_id", "00000000-0000-4000-8000-000000000002");
  village.start_node("PX-02", {other, false_clock("@2040-06-01 12:00:00", LOA_FALSE_SYNC)});
  INFO(village.last_words());
  // Trusted as it is, it holds the broker's certificate for expired at first.
  REQUIRE(village.node("PX-02").wait_for_line("trying without dates", 30s).has_value());
  CHECK_FALSE(village.node("PX-01").wait_for_line("trying without dates", 10ms).has_value());
  for (const auto* code : {"PX-01", "PX-02"})
    REQUIRE(eventually(30s, [&] {
      const auto now = village.admin().get("/nodes/" + village.node_id(code)).at("report");
      return text(now, "clock") == "head" && now.at("clock_offset_ms").as_int64() < -std::int64_t{10} * 365 * 86'400'000;
    }));
  const auto programme = village.approved_programme();
  const auto broadcast = village.schedule(programme, 10s);
  const auto records = village.wait_for_records("broadcast=" + broadcast, 2, 40s);
  REQUIRE(records.size() == 2);
  check_outcomes(records, "played", {""}, true);
}

TEST_CASE("a controller whose clock was set back signs nothing, says so, and goes on once the clock is right") {
  Village village;
  village.add_node("PX-01", Village::kWard);
  village.start_node("PX-01");
  REQUIRE(village.nodes_ready());
  const auto programme = village.approved_programme();
  const auto broadcast = village.schedule(programme, 12s);
  REQUIRE(village.nodes_ready());
  const auto held = village.admin().get("/nodes/" + village.node_id("PX-01")).at("wanted_plan").as_int64();

  village.controller().stop();
  auto clock = false_clock("-600");
  village.start_controller(clock);
  const auto clock_is_well = [&]() -> std::optional<bool> {
    try {
      const auto health = village.admin().health();  // not to be lost while its checks are read
      for (const auto& check : health.at("checks").as_array())
        if (text(check, "name") == "clock") return check.at("ok").as_bool();
    } catch (const std::exception&) {
    }
    return std::nullopt;
  };
  const bool told = eventually(20s, [&] { return clock_is_well() == false; });
  INFO(village.last_words());
  REQUIRE(told);
  // The node lives on its plan.
  CHECK(village.node("PX-01").wait_for_line(": played", 30s).has_value());

  village.controller().stop();
  village.start_controller();
  REQUIRE(eventually(20s, [&] { return clock_is_well() == true; }));
  const auto records = village.wait_for_records("broadcast=" + broadcast, 1, 30s);
  REQUIRE(records.size() == 1);
  CHECK(text(records[0], "outcome") == "played");
  CHECK(village.admin().get("/nodes/" + village.node_id("PX-01")).at("wanted_plan").as_int64() >= held);
}
