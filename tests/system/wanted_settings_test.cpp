#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "tests/system/village.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

TEST_CASE("a mute that was set while a node was away holds before the alert that waits for it, and after a restart") {
  Village village;
  village.add_node("PX-01", Village::kWard);
  village.start_node("PX-01");
  REQUIRE(village.nodes_ready());
  village.node("PX-01").kill();
  village.admin().put(std::string("/areas/") + Village::kWard + "/settings", {{"mute", true}});
  const json::object body{{"area", Village::kWard}, {"status", "actual"}, {"event", "flood"}, {"title", "Lũ"}, {"minutes", 30}};
  const auto prepared = village.approver().post("/alerts", body);
  CHECK(prepared.at("muted_nodes") == 1);  // who makes an alert sees it before it is sent
  village.approver().post("/alerts/" + text(prepared, "id") + "/confirm", {{"confirmation_token", prepared.at("confirmation_token")}});
  village.start_node("PX-01");
  const auto first = village.wait_for_records("alert=" + text(prepared, "id"), 1, 30s);
  INFO(json::serialize(first) << village.last_words());
  REQUIRE(first.size() == 1);
  CHECK(text(first[0], "reason") == "muted");
  CHECK(first[0].at("heard_ms") == 0);

  village.node("PX-01").kill();
  village.start_node("PX-01");
  const auto second = village.alert({{"status", "actual"}});
  const auto records = village.wait_for_records("alert=" + second, 1, 30s);
  INFO(json::serialize(records) << village.last_words());
  REQUIRE(records.size() == 1);
  CHECK(text(records[0], "reason") == "muted");
  CHECK(records[0].at("heard_ms") == 0);
}
