#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "tests/system/shut_cache.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

constexpr std::int64_t kTone = 3000, kExercise = 4410, kFlood = 8960;  // config/stock/index.json

json::value confirmed(Village& village, const json::object& more) {
  json::object body{{"area", Village::kWard}, {"status", "actual"}, {"event", "flood"}, {"title", "Lũ"}, {"minutes", 30}};
  for (const auto& [key, value] : more) body[key] = value;
  const auto prepared = village.approver().post("/alerts", body);
  return village.approver().post("/alerts/" + text(prepared, "id") + "/confirm", {{"confirmation_token", prepared.at("confirmation_token")}});
}

std::int64_t length_of(const json::value& alert) { return alert.at("clip").at("duration_ms").to_number<std::int64_t>(); }

void check_played(Village& village, const json::value& alert, std::int64_t length) {
  const auto records = village.wait_for_records("alert=" + text(alert, "id"), 1, 90s);
  INFO(json::serialize(alert) << json::serialize(records) << village.last_words());
  REQUIRE(records.size() == 1);
  CHECK(text(records[0], "outcome") == "played");
  CHECK(records[0].at("planned_ms").to_number<std::int64_t>() == length);
  CHECK(std::abs(records[0].at("heard_ms").to_number<std::int64_t>() - length) < 500);
}

}  // namespace

TEST_CASE("an exercise says so and then what was written for it, spoken before it was sent") {
  Village village;
  village.add_node("PX-01", Village::kWard);
  village.start_node("PX-01");
  REQUIRE(village.nodes_ready());
  const auto alert = confirmed(village, {{"status", "exercise"}, {"text", "Nước đang lên. Bà con hãy rời đi ngay."}});
  CHECK(text(alert, "speech") == "spoken");
  // The clip may be fetched while the tone sounds, or come after the stock words: then it is an exercise again.
  const auto records = village.wait_for_records("alert=" + text(alert, "id"), 1, 90s);
  INFO(json::serialize(alert) << json::serialize(records) << village.last_words());
  REQUIRE(records.size() == 1);
  CHECK(text(records[0], "outcome") == "played");
  const auto own = kTone + kExercise + length_of(alert);
  const auto planned = records[0].at("planned_ms").to_number<std::int64_t>();
  CHECK((planned == own || planned == own + kFlood + kExercise));
  CHECK(std::abs(records[0].at("heard_ms").to_number<std::int64_t>() - planned) < 500);
}

TEST_CASE("a node without the alert's clip sounds the stock words at once, and the clip when it is fetched") {
  Village village;
  ShutCache cache(village);
  village.fetch_from(cache.address());
  village.add_node("PX-01", Village::kWard);
  village.start_node("PX-01");
  REQUIRE(village.node("PX-01").wait_for_line("plan ", 20s));
  const auto alert = confirmed(village, {{"text", "Nước đang lên. Bà con hãy rời đi ngay."}});
  std::this_thread::sleep_for(std::chrono::milliseconds(kTone + kFlood) + 2s);  // the stock words are over
  CHECK(village.records("alert=" + text(alert, "id")).empty());
  cache.open();
  check_played(village, alert, kTone + kFlood + length_of(alert));
}

TEST_CASE("a node that comes back half-way sounds what is in force, an update and a cancel reach it") {
  Village village;
  village.add_node("PX-01", Village::kWard);
  village.start_node("PX-01");
  REQUIRE(village.nodes_ready());
  village.node("PX-01").kill();
  const auto first = confirmed(village, {{"repeats", 0}, {"repeat_every_s", 600}});
  village.start_node("PX-01");
  check_played(village, first, kTone + kFlood);
  const auto update = confirmed(village, {{"updates", json::array{text(first, "id")}}, {"stock_clip", "general"}});
  REQUIRE(eventually(20s, [&] { return text(village.admin().get("/nodes/" + village.node_id("PX-01")).at("report"), "sounding").starts_with(text(update, "id")); }));
  village.approver().post("/alerts/" + text(update, "id") + "/cancel");
  const auto records = village.wait_for_records("alert=" + text(update, "id"), 1, 20s);
  INFO(json::serialize(records) << village.last_words());
  REQUIRE(records.size() == 1);
  CHECK(text(records[0], "outcome") == "cancelled");
  CHECK(text(records[0], "reason") == "cancelled");
}
