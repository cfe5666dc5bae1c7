#include <algorithm>
#include <catch2/catch.hpp>

#include "controller/store/broadcasts.hpp"
#include "controller/store/programmes.hpp"
#include "protocol/random_id.hpp"
#include "tests/controller/api/fixture.hpp"

// Who plays what is changed, withdrawn or taken away: their plans follow, or they are asked first.
namespace loa::api {
namespace {

/// A broadcast of hue-b, made behind the api's back: of `programme`, with `substitutes`, to its area and its node.
std::string broadcast_of_b(TestApi& api, const std::string& programme, std::vector<std::string> substitutes) {
  store::Broadcast made;
  made.id = protocol::random_id("b");
  made.programme = programme;
  made.area = "hue-b";
  made.areas = {"hue-b"};
  made.nodes = {api.other_node};
  made.substitutes = std::move(substitutes);
  made.when.start = *scheduler::parse_local("2026-11-27T06:00:00");
  api.write([&](store::Transaction& t) { REQUIRE(store::add_broadcast(t, made)); });
  return made.id;
}

bool plans_of_b_follow(TestApi& api) {
  return api.eventually([&] {
    const std::lock_guard lock(api.calls.mutex);
    const auto& [areas, nodes] = std::tie(api.calls.planned_areas, api.calls.planned_nodes);
    return std::count(areas.begin(), areas.end(), "hue-b") == 1 && std::count(nodes.begin(), nodes.end(), api.other_node) == 1;
  });
}

}  // namespace

TEST_CASE("a programme that changes renews the plans of other areas that hold it") {
  TestApi api;
  auto author = api.client("author");
  const auto spare = api.approved_programme("hue-a", "Nhạc hiệu");
  const auto path = "/api/v1/programmes/" + spare;
  const std::string as = GENERATE("their own", "a substitute");
  const std::string how = GENERATE("its text", "its sound", "its approval");
  INFO(how << ", as " << as);
  if (as == "their own")
    broadcast_of_b(api, spare, {});
  else
    broadcast_of_b(api, api.approved_programme("hue-b", "Của B"), {spare});
  if (how == "its text") {
    CHECK(author.patch(path, R"({"title":"Tên khác"})").text("/state") == "draft");
  } else if (how == "its sound") {
    CHECK(author.post(path + "/speech", R"({"voice":"espeak/vi"})").status == 202);
  } else {
    api.write([&](store::Transaction& t) {
      auto changed = store::find_programme(t.session(), spare).value();
      changed.title = "Tên khác";
      REQUIRE(store::update_programme(t, changed));
      REQUIRE(store::submit_programme(t, spare));
    });
    auto approver = api.client("approver");
    const auto hash = approver.get(path).text("/content_hash");
    CHECK(approver.post(path + "/approve", R"({"content_hash":")" + hash + R"("})").text("/state") == "approved");
  }
  CHECK(plans_of_b_follow(api));
}

TEST_CASE("a programme that stands in for one still to come is not archived") {
  TestApi api;
  auto author = api.client("author");
  const auto spare = api.approved_programme("hue-a", "Nhạc hiệu");
  const auto path = "/api/v1/programmes/" + spare + "/archive";
  const auto of_b = broadcast_of_b(api, api.approved_programme("hue-b", "Của B"), {spare});
  const auto refused = author.post(path);
  CHECK(refused.code() == "scheduled");
  CHECK(refused.body.find(of_b) == std::string::npos);  // not the author's to see
  CHECK(api.client("root").post(path).code() == "forbidden");
  api.clock.tick(std::chrono::hours(24 * 4));
  auto later = api.client("author");
  CHECK(later.post(path).text("/state") == "archived");
  CHECK(plans_of_b_follow(api));
}

TEST_CASE("the broadcast that keeps a substitute from being archived is named to who may see it") {
  TestApi api;
  auto author = api.client("author");
  const auto spare = api.approved_programme("hue-a", "Nhạc hiệu");
  const auto made = author.post("/api/v1/broadcasts", R"({"programme":")" + api.programme + R"(","areas":["hue-a"],"class":"normal","start":"2026-11-27T01:00:00Z","substitutes":[")" + spare + R"("]})");
  REQUIRE(made.status == 201);
  const auto path = "/api/v1/programmes/" + spare + "/archive";
  const auto refused = author.post(path);
  CHECK(refused.code() == "scheduled");
  CHECK(refused.body.find(made.text("/id")) != std::string::npos);
  CHECK(author.post("/api/v1/broadcasts/" + made.text("/id") + "/cancel").status == 200);
  CHECK(author.post(path).text("/state") == "archived");
}

namespace {

constexpr const char* kSorry = "/api/v1/areas/hue-a/stock-clips/sorry";

/// hue-a has a stock clip "sorry" of its own.
void name_sorry(TestApi& api) {
  REQUIRE(api.client("approver").put(kSorry, R"({"programme":")" + api.programme + R"("})").status == 200);
}

/// As a board of before has it: its stand-in names what is gone.
void forget_sorry(TestApi& api) {
  api.write([](store::Transaction& t) { REQUIRE(store::drop_area_stock_clip(t, "hue-a", "sorry")); });
}

}  // namespace

TEST_CASE("a stand-in that is gone keeps nobody from muting") {
  TestApi api;
  auto root = api.client("root");
  name_sorry(api);
  const bool of_node = GENERATE(false, true);
  const auto path = of_node ? "/api/v1/nodes/" + api.node + "/settings" : "/api/v1/areas/hue-a/settings";
  INFO(path);
  REQUIRE(root.put(path, R"({"stand_in":"sorry"})").status == 200);
  forget_sorry(api);
  CHECK(root.put(path, R"({"stand_in":"sorry","mute":true})").status == 200);
  CHECK(root.put(path, R"({"stand_in":"other","mute":true})").code() == "unknown_stock_clip");
  CHECK(root.put(path, R"({"mute":false})").status == 200);
  CHECK(root.put(path, R"({"stand_in":"sorry"})").code() == "unknown_stock_clip");
}

TEST_CASE("a stock clip that stands in, or that an alert says, is not dropped") {
  TestApi api;
  auto root = api.client("root");
  auto approver = api.client("approver");
  name_sorry(api);
  SECTION("it stands in for a node") {
    const auto path = "/api/v1/nodes/" + api.node + "/settings";
    REQUIRE(root.put(path, R"({"stand_in":"sorry"})").status == 200);
    const auto refused = approver.del(kSorry);
    CHECK(refused.code() == "stock_clip_in_use");
    CHECK(refused.body.find("A-1") != std::string::npos);
    REQUIRE(root.put(path, R"({"stand_in":""})").status == 200);
  }
  SECTION("an alert says it") {
    const auto alert = approver.post("/api/v1/alerts", R"({"area":"hue-a","status":"actual","event":"flood","title":"Lũ","minutes":10,"stock_clip":"sorry"})");
    REQUIRE(alert.status == 201);
    CHECK(approver.del(kSorry).code() == "stock_clip_in_use");
    REQUIRE(approver.post("/api/v1/alerts/" + alert.text("/id") + "/cancel", "").status == 200);
  }
  SECTION("everyone has one of its name") {
    api.write([&](store::Transaction& t) { REQUIRE(store::put_stock_clip(t, {"sorry", store::list_clip_names(t.session()).front(), "Xin lỗi"})); });
    REQUIRE(root.put("/api/v1/areas/hue-a/settings", R"({"stand_in":"sorry"})").status == 200);
  }
  CHECK(approver.del(kSorry).status == 200);
  CHECK(approver.del(kSorry).status == 404);
}

TEST_CASE("nothing is moved to where its stand-in is not known") {
  TestApi api;
  auto root = api.client("root");
  name_sorry(api);
  REQUIRE(root.post("/api/v1/areas", R"({"id":"hue-a-1","name":"Tổ 1","kind":"zone","parent":"hue-a"})").status == 201);
  SECTION("an area") {
    REQUIRE(root.put("/api/v1/areas/hue-a-1/settings", R"({"stand_in":"sorry"})").status == 200);
    CHECK(root.patch("/api/v1/areas/hue-a-1", R"({"parent":"hue-b"})").code() == "stock_clip_in_use");
    CHECK(root.get("/api/v1/areas/hue-a-1").text("/parent") == "hue-a");
    CHECK(root.patch("/api/v1/areas/hue-a-1", R"({"name":"Tổ một"})").status == 200);
    REQUIRE(root.put("/api/v1/areas/hue-a-1/settings", "{}").status == 200);
    CHECK(root.patch("/api/v1/areas/hue-a-1", R"({"parent":"hue-b"})").text("/parent") == "hue-b");
  }
  SECTION("a node") {
    const auto path = "/api/v1/nodes/" + api.node;
    REQUIRE(root.put(path + "/settings", R"({"stand_in":"sorry"})").status == 200);
    CHECK(root.patch(path, R"({"area":"hue-b"})").code() == "stock_clip_in_use");
    CHECK(root.patch(path, R"({"area":"hue-a-1"})").status == 200);
    REQUIRE(root.put(path + "/settings", "{}").status == 200);
    CHECK(root.patch(path, R"({"area":"hue-b"})").status == 200);
  }
}

}  // namespace loa::api
