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

}  // namespace loa::api
