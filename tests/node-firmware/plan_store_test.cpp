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
  marks.plan_highest = 42;
  marks.newest_signed = scheduler::from_ms(1'790'000'000'000);
  marks.last_head_issued = scheduler::from_ms(1'790'000'000'001);
  marks.session_number = 7;
  marks.areas = {"hue", "phu-bai"};
  marks.alert_highest = {{"hue", 5}};
  marks.clock = node::HeldOffset{"boot-1", 123};
  return marks;
}

}  // namespace

TEST_CASE("the plan store gives back what it kept") {
  tests::TempFolder folder;
  {
    PlanStore store(folder.path());
    CHECK_FALSE(store.plan());
    CHECK(store.marks() == node::Marks{});
    store.keep(some_marks());
    store.keep_plan("plan");
    store.keep_keys("keys");
    store.keep_alert("hue", "alert");
  }
  PlanStore store(folder.path());
  CHECK(store.marks() == some_marks());
  CHECK(store.plan() == "plan");
  CHECK(store.keys() == "keys");
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
    PlanStore store(folder.path());
    store.keep(some_marks());
    store.keep_plan("old plan");
  }
  bool armed = true;
  const auto crash = [&](DiskStep now) {
    if (armed && now == step) throw std::runtime_error("killed");
  };
  auto raised = some_marks();
  raised.plan_highest = 43;
  {
    PlanStore store(folder.path(), crash);
    CHECK_THROWS(store.keep(raised));
    CHECK_THROWS(store.keep_plan("new plan"));
  }
  PlanStore store(folder.path());
  const bool renamed = step == DiskStep::sync_folder;
  CHECK(store.marks() == (renamed ? raised : some_marks()));
  CHECK(store.plan() == (renamed ? "new plan" : "old plan"));
}

TEST_CASE("damaged marks do not keep the node from starting") {
  tests::TempFolder folder;
  std::ofstream(folder / "marks.json") << "{\"plan_highest\":";
  PlanStore store(folder.path());
  CHECK(store.marks() == node::Marks{});
}
