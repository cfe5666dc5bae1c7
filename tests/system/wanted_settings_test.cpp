#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "scheduler/time.hpp"
#include "tests/support/recording.hpp"
#include "tests/system/shared_clock.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

double seconds_of(const std::string& rfc3339) { return static_cast<double>(loa::scheduler::to_ms(loa::scheduler::parse_rfc3339(rfc3339).value())) / 1000; }

/// Minutes of the day in Huế as the API takes them.
std::string time_of_day(std::int64_t utc, bool as_end = false) {
  const auto minutes = (utc / 60 + 7 * 60) % (24 * 60);
  if (as_end && minutes == 0) return "24:00";
  char text[8];
  std::snprintf(text, sizeof text, "%02d:%02d", static_cast<int>(minutes / 60), static_cast<int>(minutes % 60));
  return text;
}

}  // namespace

TEST_CASE("a volume by hour that begins while a broadcast sounds is heard from then on") {
  Village village;
  SharedClock clock(village);
  village.restart_controller();
  const auto programme = village.approved_sound(tone_wav(6));
  const auto now = static_cast<std::int64_t>(clock.now());
  const auto minute = (now / 60 + 1) * 60 + (now % 60 < 43 ? 0 : 60);
  clock.pass(static_cast<int>(minute - now) - 16);
  village.add_node("PX-01", Village::kWard);
  village.start_node("PX-01");
  const json::object hour{{"from", time_of_day(minute)}, {"to", time_of_day(minute + 60, true)}, {"volume", 25}};
  village.admin().put(std::string("/areas/") + Village::kWard + "/settings", {{"volume", 100}, {"volume_by_hour", json::array{hour}}});
  const auto due = minute - 3;
  const auto broadcast = village.schedule(programme, 0s, {{"start", loa::scheduler::to_rfc3339(loa::scheduler::from_ms(due * 1000))}});
  REQUIRE(village.nodes_ready());
  const auto records = village.wait_for_records("broadcast=" + broadcast, 1, 40s);
  INFO(json::serialize(records) << village.last_words());
  REQUIRE(records.size() == 1);
  CHECK(text(records[0], "outcome") == "played");
  CHECK(records[0].at("volume") == 25);
  const auto loudness = [&](double from, double to) {
    return recorded(village.node_folder("PX-01") / "sound.wav", static_cast<double>(due) + from, static_cast<double>(due) + to).loudness();
  };
  CHECK(loudness(0.5, 2.5) > 0.02);
  CHECK(loudness(4.2, 5.7) / loudness(0.5, 2.5) == Approx(0.25).epsilon(0.08));
}

TEST_CASE("an alert sounds at the alert volume, whatever the volume of the hour is") {
  Village village;
  village.add_node("PX-01", Village::kWard);
  village.start_node("PX-01");
  const auto tone_at = [&](int percent) {
    village.admin().put(std::string("/areas/") + Village::kWard + "/settings",
                        {{"volume", 10}, {"alert_volume", percent}, {"volume_by_hour", json::array{{{"from", "00:00"}, {"to", "24:00"}, {"volume", 5}}}}});
    REQUIRE(village.nodes_ready());
    const auto records = village.wait_for_records("alert=" + village.alert({{"status", "actual"}}), 1, 40s);
    REQUIRE(records.size() == 1);
    CHECK(records[0].at("volume") == percent);
    const auto begun = seconds_of(text(records[0], "started"));
    return recorded(village.node_folder("PX-01") / "sound.wav", begun + 0.3, begun + 2.7).loudness();
  };
  const auto whole = tone_at(100), quarter = tone_at(25);
  CHECK(whole > 0.02);
  CHECK(quarter / whole == Approx(0.25).epsilon(0.08));
}

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
