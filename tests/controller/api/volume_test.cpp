#include <catch2/catch.hpp>

#include "controller/store/node_rows.hpp"
#include "scheduler/make_plan.hpp"
#include "tests/controller/api/fixture.hpp"

namespace loa::api {
namespace {

std::vector<scheduler::VolumeHours> planned(TestApi& api, const std::string& node) {
  std::vector<scheduler::VolumeHours> hours;
  api.write([&](store::Transaction& transaction) {
    const auto rows = store::find_node_rows(transaction.session(), {node});
    const auto now = api.clock.now();
    const auto made = scheduler::make_plan({}, store::plan_node_of(rows.at(0)), rows.at(0).wanted.policy,
                                           scheduler::plan_window(now, rows.at(0).wanted.time_zone), now, 1);
    hours = made.plan.value().settings.volume_by_hour;
  });
  return hours;
}

}  // namespace

TEST_CASE("the volume by hour of an area or a node reaches the plan") {
  TestApi api;
  auto author = api.client("author");
  const auto area = author.put("/api/v1/areas/hue-a/settings",
                               R"({"volume":80,"volume_by_hour":[{"from":"21:00","to":"24:00","volume":40},{"from":"05:00","to":"06:30","volume":30}]})");
  REQUIRE(area.status == 200);
  CHECK(area.text("/settings/volume_by_hour/1/from") == "21:00");
  const std::vector<scheduler::VolumeHours> both{{300, 390, 30}, {1260, 1440, 40}};
  CHECK(planned(api, api.node) == both);
  CHECK(planned(api, api.other_node).empty());
  const auto path = "/api/v1/nodes/" + api.node;
  CHECK(author.get(path).text("/effective_settings/volume_by_hour/1/to") == "24:00");
  CHECK(author.get(path).text("/settings/volume_by_hour").empty());

  SECTION("a node's own stand instead of its area's") {
    REQUIRE(author.put(path + "/settings", R"({"volume_by_hour":[{"from":"00:00","to":"24:00","volume":0}]})").status == 200);
    CHECK(planned(api, api.node) == std::vector<scheduler::VolumeHours>{{0, 1440, 0}});
    CHECK(author.put(path + "/settings", R"({"volume_by_hour":[]})").text("/effective_settings/volume_by_hour") == "[]");
    CHECK(planned(api, api.node).empty());
  }
  SECTION("left out, they are inherited again") {
    REQUIRE(author.put("/api/v1/areas/hue-a/settings", R"({"volume":80})").status == 200);
    CHECK(planned(api, api.node).empty());
  }
}

TEST_CASE("hours that mean nothing are refused where they stand") {
  TestApi api;
  auto author = api.client("author");
  std::string many;
  for (int i = 0; i < 25; ++i) many += (i ? "," : "") + std::string(R"({"from":"00:00","to":"00:01","volume":1})");
  struct Row {
    const char* name;
    std::string hours;
    const char* code;
    const char* pointer;
  };
  const Row rows[] = {
      {"no time of day", R"({"from":"5h","to":"06:00","volume":40})", "bad_time", "/volume_by_hour/0/from"},
      {"past midnight", R"({"from":"22:00","to":"24:01","volume":40})", "bad_time", "/volume_by_hour/0/to"},
      {"backwards", R"({"from":"22:00","to":"05:00","volume":40})", "out_of_range", "/volume_by_hour/0/to"},
      {"no volume", R"({"from":"05:00","to":"06:00"})", "missing_field", "/volume_by_hour/0/volume"},
      {"too loud", R"({"from":"05:00","to":"06:00","volume":101})", "out_of_range", "/volume_by_hour/0/volume"},
      {"something else", R"({"from":"05:00","to":"06:00","volume":1,"days":[]})", "unknown_field", "/volume_by_hour/0/days"},
      {"overlapping", R"({"from":"05:00","to":"06:00","volume":1},{"from":"05:59","to":"07:00","volume":1})", "hours_overlap", "/volume_by_hour"},
      {"too many", many, "wrong_type", "/volume_by_hour"},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto answer = author.put("/api/v1/areas/hue-a/settings", R"({"volume_by_hour":[)" + row.hours + "]}");
      CHECK(answer.status / 100 == 4);
      CHECK(answer.code() == row.code);
      CHECK(answer.text("/errors/0/pointer") == row.pointer);
    }
  }
}

}  // namespace loa::api
