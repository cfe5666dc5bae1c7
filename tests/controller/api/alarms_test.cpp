#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "controller/store/alarms.hpp"
#include "tests/controller/api/fixture.hpp"
#include "tests/support/openapi.hpp"

namespace loa::api {
namespace {

std::vector<std::string> kinds(const tests::HttpAnswer& answer) {
  std::vector<std::string> list;
  const auto body = boost::json::parse(answer.body);
  for (const auto& item : body.at("items").as_array()) list.emplace_back(item.at("kind").as_string());
  std::sort(list.begin(), list.end());
  return list;
}

using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("each reads the alarms of their branch, and those of no branch only who answers for the whole tree") {
  TestApi api;
  CHECK(kinds(api.client("root").get("/api/v1/alarms")) == Kinds{"clock_behind", "node_signature"});
  CHECK(kinds(api.client("root").get("/api/v1/alarms?area=hue-a")) == Kinds{"node_signature"});
  CHECK(kinds(api.client("author").get("/api/v1/alarms")) == Kinds{"node_signature"});
  CHECK(kinds(api.client("stranger").get("/api/v1/alarms")) == Kinds{});
  const auto one = boost::json::parse(api.client("author").get("/api/v1/alarms").body).at("items").at(0);
  CHECK(one.at("node_code") == "A-1");
  CHECK(one.at("detail") == "state: not signed by it");
  CHECK(one.at("count") == 1);
}

TEST_CASE("an alarm is acknowledged by who may see the audit trail of its branch") {
  TestApi api;
  const auto path = "/api/v1/alarms/" + api.alarm + "/acknowledge";
  CHECK(api.client("author").post(path).code() == "forbidden");
  auto monitor = api.client("monitor");
  const auto answer = monitor.post(path);
  REQUIRE(answer.status == 200);
  const auto seen = boost::json::parse(answer.body);
  CHECK(seen.at("acknowledged").at("by").at("name") == "monitor");
  CHECK(kinds(monitor.get("/api/v1/alarms?state=unacknowledged")) == Kinds{});
  CHECK(kinds(monitor.get("/api/v1/alarms?state=open")) == Kinds{"node_signature"});
  CHECK(kinds(monitor.get("/api/v1/alarms?state=ended")) == Kinds{});
  CHECK(monitor.get("/api/v1/alarms?state=loud").code() == "bad_parameter");

  api.clock.tick(std::chrono::hours(1));
  const auto again = boost::json::parse(api.client("admin").post(path).body);
  CHECK(again.at("acknowledged") == seen.at("acknowledged"));
}

TEST_CASE("an alarm of no branch is acknowledged by who answers for the whole tree") {
  TestApi api;
  const auto path = "/api/v1/alarms/" + api.unbound_alarm + "/acknowledge";
  CHECK(api.client("admin").post(path).status == 404);
  CHECK(api.client("root").post(path).status == 200);
  CHECK(api.client("root").post("/api/v1/alarms/m-none/acknowledge").status == 404);
}

TEST_CASE("healthz names the kinds that are open to everyone, and no more of them") {
  TestApi api;
  const auto answer = api.anyone().get("/healthz");
  CHECK(answer.status == 200);
  const auto body = boost::json::parse(answer.body);
  CHECK(body.at("alarms") == boost::json::parse(R"([{"kind":"clock_behind","open":1}])"));
}

TEST_CASE("openapi.yaml knows every kind of alarm") {
  for (const auto kind : store::alarm_kinds()) {
    boost::json::value word(store::name_of(kind));
    INFO(store::name_of(kind));
    CHECK(tests::OpenApi::of_controller().check_schema("AlarmKind", word).empty());
  }
}

}  // namespace loa::api
