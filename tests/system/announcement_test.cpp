#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <set>

#include "tests/system/village.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

void three_nodes(Village& village) {
  village.add_node("PX-01", Village::kWard);
  village.add_node("PX-02", Village::kWard);
  village.add_node("AL-01", Village::kCommune);
  for (const char* code : {"PX-01", "PX-02", "AL-01"}) village.start_node(code);
  const bool ready = village.nodes_ready();
  INFO((ready ? "" : village.last_words()));
  REQUIRE(ready);
}

/// Records by node, each counted once by what identifies it.
std::multiset<std::string> nodes_of(const json::array& records) {
  std::multiset<std::string> nodes;
  for (const auto& record : records) nodes.insert(text(record, "node_code"));
  return nodes;
}

const std::multiset<std::string> kEachOnce{"AL-01", "PX-01", "PX-02"};

}  // namespace

TEST_CASE("an announcement is heard on every node at the minute chosen, and each says so once") {
  Village village;
  three_nodes(village);
  const auto programme = village.approved_programme();
  const auto broadcast = village.schedule(programme, 5s);
  const auto records = village.wait_for_records("broadcast=" + broadcast, 3, 40s);
  INFO(json::serialize(records) << village.last_words());
  REQUIRE(nodes_of(records) == kEachOnce);
  for (const auto& record : records) {
    CHECK(text(record, "outcome") == "played");
    CHECK(text(record, "reason").empty());
    CHECK(record.at("heard_ms") == record.at("planned_ms"));
    CHECK(record.at("level_dbfs").as_double() > -40.0);
    CHECK(text(record, "programme") == programme);
  }
  const auto day = village.monitor().get("/occurrences?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z");
  CHECK(day.at("items").as_array().empty());
}

TEST_CASE("kill -9 of node, controller and broker in turn during a run loses no record and repeats none") {
  Village village;
  three_nodes(village);
  const auto programme = village.approved_programme("Dài", std::string(Village::kTwoSentences) + " " + Village::kTwoSentences);

  SECTION("a node dies while it sounds, comes back, and goes on at the right place") {
    const auto broadcast = village.schedule(programme, 6s);
    REQUIRE(village.nodes_ready());
    const auto playing = [&] {
      const auto node = village.admin().get("/nodes/" + village.node_id("PX-01"));
      return text(node, "status") == "playing";
    };
    INFO(village.last_words());
    REQUIRE(eventually(15s, playing));
    village.node("PX-01").kill();
    village.start_node("PX-01");
    const auto records = village.wait_for_records("broadcast=" + broadcast, 3, 40s);
    INFO(json::serialize(records));
    REQUIRE(nodes_of(records) == kEachOnce);
    for (const auto& record : records) {
      const bool killed = text(record, "node_code") == "PX-01";
      CHECK(text(record, "outcome") == (killed ? "partial" : "played"));
      if (killed) CHECK(text(record, "reason") == "restarted");
    }
  }

  SECTION("the controller dies before the due time; nodes play, and report when it is back") {
    const auto broadcast = village.schedule(programme, 8s);
    INFO(village.last_words());
    REQUIRE(village.nodes_ready());
    village.controller().kill();
    const auto played = [&](const std::string& code) {
      return village.node(code).wait_for_line(": played", 40s).has_value();
    };
    for (const char* code : {"PX-01", "PX-02", "AL-01"}) CHECK(played(code));
    village.start_controller();
    json::array records;
    REQUIRE(eventually(60s, [&] {
      try {
        records = village.records("broadcast=" + broadcast);
      } catch (const std::exception&) {
        return false;  // it is still starting
      }
      return records.size() >= 3;
    }));
    REQUIRE(nodes_of(records) == kEachOnce);
    for (const auto& record : records) CHECK(text(record, "outcome") == "played");
  }

  SECTION("the broker dies while it sounds and comes back") {
    const auto broadcast = village.schedule(programme, 6s);
    REQUIRE(village.nodes_ready());
    INFO(village.last_words());
    REQUIRE(eventually(15s, [&] { return text(village.admin().get("/nodes/" + village.node_id("PX-02")), "status") == "playing"; }));
    village.broker().kill();
    village.start_broker();
    const auto records = village.wait_for_records("broadcast=" + broadcast, 3, 60s);
    REQUIRE(nodes_of(records) == kEachOnce);
    for (const auto& record : records) CHECK(text(record, "outcome") == "played");
  }
}

TEST_CASE("after a killed broker neither an old plan nor a cancelled alert sounds") {
  Village village;
  village.add_node("PX-01", Village::kWard);
  village.start_node("PX-01");
  const bool ready = village.nodes_ready();
  INFO((ready ? "" : village.last_words()));
  REQUIRE(ready);
  const auto programme = village.approved_programme();

  // The broker saves an old state: a plan with the broadcast, and an active alert.
  const auto broadcast = village.schedule(programme, 25s);
  REQUIRE(village.nodes_ready());
  const auto alert = village.alert({{"repeats", 20}, {"repeat_every_s", 18}});
  REQUIRE(village.wait_for_records("alert=" + alert, 1, 30s).size() >= 1);
  village.broker().signal(SIGUSR1);
  REQUIRE(eventually(5s, [&] { return std::filesystem::exists(village.folder() / "data/mosquitto.db"); }));

  village.approver().post("/alerts/" + alert + "/cancel");
  village.officer().post("/broadcasts/" + broadcast + "/cancel");
  REQUIRE(village.nodes_ready());
  const auto sounded = village.records("alert=" + alert).size();
  village.broker().kill();
  village.node("PX-01").kill();
  village.start_broker();
  village.start_node("PX-01");
  REQUIRE(village.nodes_ready(40s));

  // Longer than the next repeat and the broadcast's start would have been.
  const auto end = std::chrono::steady_clock::now() + 25s;
  REQUIRE_FALSE(eventually(25s, [&] {
    const auto status = text(village.admin().get("/nodes/" + village.node_id("PX-01")), "status");
    return status == "playing" && std::chrono::steady_clock::now() < end;
  }));
  for (const auto& record : village.records("broadcast=" + broadcast)) CHECK(text(record, "outcome") != "played");
  std::size_t heard = 0;
  for (const auto& record : village.records("alert=" + alert))
    if (record.at("heard_ms").as_int64() > 0) ++heard;
  CHECK(heard <= sounded + 1);
}

TEST_CASE("a node plays its plan with the network cut, and after a restart with the network still cut") {
  Village village;
  three_nodes(village);
  const auto programme = village.approved_programme();
  const auto first = village.schedule(programme, 9s);
  const auto second = village.schedule(programme, 24s);
  INFO(village.last_words());
  REQUIRE(village.nodes_ready());
  village.broker().kill();
  village.controller().kill();
  REQUIRE(village.node("PX-01").wait_for_line(first + "@", 30s));
  village.node("PX-01").kill();
  village.start_node("PX-01");
  CHECK(eventually(40s, [&] { return village.node("PX-01").wait_for_line("played", 1s).has_value(); }));
  village.start_broker();
  village.start_controller();
  json::array records;
  REQUIRE(eventually(60s, [&] {
    try {
      records = village.records("broadcast=" + second);
    } catch (const std::exception&) {
      return false;
    }
    return records.size() >= 3;
  }));
  REQUIRE(nodes_of(records) == kEachOnce);
  for (const auto& record : records) CHECK(text(record, "outcome") == "played");
}
