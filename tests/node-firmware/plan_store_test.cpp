#include <catch2/catch.hpp>

#include <fstream>

#include "node-firmware/plan_store.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using node::DiskStep;
using node::PlanStore;

namespace {

node::Marks some_marks() {
  node::Marks marks;
  marks.by_key["k-1"] = {42, scheduler::from_ms(1'790'000'000'000), scheduler::from_ms(1'790'000'000'001), {{"hue", 5}},
                         17, scheduler::from_ms(1'790'000'000'002)};
  marks.by_key["k-0"].newest_signed = scheduler::from_ms(1'780'000'000'000);
  marks.session_number = 16;
  marks.areas = {"hue", "phu-bai"};
  marks.head_kid = "k-1";
  marks.clock = node::HeldOffset{"boot-1", 123};
  return marks;
}

}  // namespace

TEST_CASE("the plan store gives back what it kept") {
  tests::TempFolder folder;
  {
    node::DiskHealth disk(folder.path(), [] { return std::chrono::nanoseconds(0); });
    PlanStore store(folder.path(), disk);
    CHECK_FALSE(store.plan());
    CHECK(store.marks() == node::Marks{});
    store.keep(some_marks());
    store.keep_plan("plan");
    store.keep_keys("keys");
    store.keep_alert("hue", "alert");
  }
  node::DiskHealth disk(folder.path(), [] { return std::chrono::nanoseconds(0); });
  PlanStore store(folder.path(), disk);
  CHECK(store.marks() == some_marks());
  CHECK(store.plan() == "plan");
  CHECK(store.keys([](const std::string&) { return ""; }) == "keys");
  CHECK(store.alerts() == std::map<std::string, std::string>{{"hue", "alert"}});
  store.drop_plan();
  store.drop_alert("hue");
  CHECK_FALSE(store.plan());
  CHECK(store.alerts().empty());
}

TEST_CASE("the plan store survives a kill at any step of any write") {
  const auto step = GENERATE(DiskStep::create, DiskStep::write, DiskStep::sync, DiskStep::rename, DiskStep::sync_folder);
  tests::TempFolder folder;
  {
    node::DiskHealth disk(folder.path(), [] { return std::chrono::nanoseconds(0); });
    PlanStore store(folder.path(), disk);
    store.keep(some_marks());
    store.keep_plan("old plan");
  }
  bool armed = true;
  const auto crash = [&](DiskStep now) {
    if (armed && now == step) throw std::runtime_error("killed");
  };
  auto raised = some_marks();
  raised.by_key["k-1"].plan_highest = 43;
  {
    node::DiskHealth disk(folder.path(), [] { return std::chrono::nanoseconds(0); });
    PlanStore store(folder.path(), disk, crash);
    CHECK_THROWS(store.keep(raised));
    CHECK_THROWS(store.keep_plan("new plan"));
  }
  node::DiskHealth disk(folder.path(), [] { return std::chrono::nanoseconds(0); });
  PlanStore store(folder.path(), disk);
  const bool renamed = step == DiskStep::sync_folder;
  CHECK(store.marks() == (renamed ? raised : some_marks()));
  CHECK(store.plan() == (renamed ? "new plan" : "old plan"));
}

TEST_CASE("marks are written at once where a number rises, and seldom for times, acknowledgements and sessions") {
  struct Row {
    const char* name;
    void (*act)(node::Marks&);
    bool at_once;
  };
  using std::chrono::hours;
  const std::vector<Row> rows{{"a head of the same plan", [](node::Marks& m) { m.by_key["k-1"].last_head_issued += hours(1), m.by_key["k-1"].newest_signed += hours(1); }, false},
                              {"a head six hours later", [](node::Marks& m) { m.by_key["k-1"].last_head_issued += hours(6); }, true},
                              {"an acknowledgement", [](node::Marks& m) { m.by_key["k-1"].acked += 1, m.by_key["k-1"].last_ack_issued += hours(1); }, false},
                              {"a plan's number", [](node::Marks& m) { m.by_key["k-1"].plan_highest += 1; }, true},
                              {"an alert's number", [](node::Marks& m) { m.by_key["k-1"].alert_highest["hue"] += 1; }, true},
                              {"another key", [](node::Marks& m) { m.by_key["k-9"].newest_signed = scheduler::from_ms(1); }, true},
                              {"a time that a revoked key takes back", [](node::Marks& m) { m.by_key["k-1"].newest_signed -= hours(1); }, true},
                              {"a move", [](node::Marks& m) { m.areas.pop_back(); }, true},
                              {"a clock", [](node::Marks& m) { m.clock.reset(); }, true},
                              {"the last session of those reserved", [](node::Marks& m) { m.session_number = 16; }, false},
                              {"the next session", [](node::Marks& m) { m.session_number = 17; }, true}};
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      tests::TempFolder folder;
      node::DiskHealth disk(folder.path(), [] { return std::chrono::nanoseconds(0); });
      PlanStore store(folder.path(), disk);
      store.keep(some_marks());
      auto marks = some_marks();
      row.act(marks);
      store.keep(marks);
      CHECK(store.marks() == marks);
      const auto then = node::read_marks(*node::read_whole(folder / "marks.json", 1 << 16));
      CHECK((then == node::to_write(marks)) == (row.at_once || marks == some_marks()));
      CHECK(then.session_number >= marks.session_number);
      store.keep_all();
      CHECK(node::read_marks(*node::read_whole(folder / "marks.json", 1 << 16)) == node::to_write(marks));
    }
  }
}

TEST_CASE("damaged marks do not keep the node from starting") {
  tests::TempFolder folder;
  std::ofstream(folder / "marks.json") << "{\"plan_highest\":";
  node::DiskHealth disk(folder.path(), [] { return std::chrono::nanoseconds(0); });
  PlanStore store(folder.path(), disk);
  CHECK(store.marks() == node::Marks{});
  REQUIRE(store.losses().size() == 1);
  CHECK(store.losses()[0].file == "marks.json");
  CHECK(node::read_whole(folder / "marks.json.damaged", 100) == "{\"plan_highest\":");
}

TEST_CASE("marks of a release that did not tell keys apart are kept, for as long as nothing replaces them") {
  tests::TempFolder folder;
  std::ofstream(folder / "marks.json")
      << R"({"plan_highest":42,"newest_signed":1790000000000,"last_head_issued":1790000000001,"session_number":7,)"
      << R"("areas":["hue","phu-bai"],"alert_highest":{"hue":5},"clock":{"boot_id":"boot-1","offset_ns":123}})";
  node::DiskHealth disk(folder.path(), [] { return std::chrono::nanoseconds(0); });
  PlanStore store(folder.path(), disk);
  const auto& marks = store.marks();
  CHECK(marks.plan_highest() == 42);
  CHECK(marks.newest_signed() == scheduler::from_ms(1'790'000'000'000));
  CHECK(marks.last_head_issued() == scheduler::from_ms(1'790'000'000'001));
  CHECK(marks.alert_highest("hue") == 5);
  CHECK(marks.session_number == 7);
  CHECK(marks.areas == std::vector<std::string>{"hue", "phu-bai"});
  CHECK(marks.clock == node::HeldOffset{"boot-1", 123});
}

TEST_CASE("of the marks of several keys the highest counts, and an area that is left is left in all") {
  auto marks = some_marks();
  marks.by_key["k-2"].plan_highest = 41;
  marks.by_key["k-2"].alert_highest = {{"hue", 9}, {"phu-vang", 3}};
  CHECK(marks.plan_highest() == 42);
  CHECK(marks.alert_highest("hue") == 9);
  CHECK(marks.alert_highest("da-nang") == 0);
  marks.by_key.erase("k-1");
  CHECK(marks.plan_highest() == 41);
  marks.keep_areas();
  CHECK(marks.alert_highest("phu-vang") == 0);
  CHECK(marks.alert_highest("hue") == 9);
}
