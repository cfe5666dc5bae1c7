#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <mutex>
#include <set>

#include "tests/support/false_clock.hpp"
#include "tests/system/betrayed_village.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

bool is_alert(const Publication& one) { return one.topic.ends_with("/alert"); }
bool is_head(const Publication& one) { return one.topic.ends_with("/head"); }

}  // namespace

TEST_CASE("a broker that withholds a cancel is found out by the next head: the alert sounds no more, and the node says why") {
  BetrayedVillage with;
  auto& village = with.village;
  INFO(village.last_words());
  REQUIRE(with.ready);
  const auto alert = village.alert({{"repeats", 20}, {"repeat_every_s", 18}});
  REQUIRE(village.wait_for_records("alert=" + alert, 1, 40s).size() >= 1);
  with.broker->obey([](const std::string&, const Publication& one) {
    return is_alert(one) ? std::vector<Publication>{} : std::vector{one};
  });
  village.approver().post("/alerts/" + alert + "/cancel");
  REQUIRE(eventually(40s, [&] { return with.last_refusal("PX-01") == "withheld"; }));
  // Where it sounded just then, the record of its end follows.
  eventually(3s, [&] { return text(village.records("alert=" + alert).at(0), "reason") == "withheld"; });
  const auto before = with.heard("alert=" + alert);
  const bool sounded = eventually(20s, [&] { return with.heard("alert=" + alert) > before || with.status("PX-01") == "playing"; });
  INFO(village.node("PX-01").out() << json::serialize(village.records("alert=" + alert)));
  CHECK_FALSE(sounded);
  // What was withheld comes as soon as the broker lets it.
  const auto ask = with.broker->heard(village.node_id("PX-01"), "/alert").size();
  with.broker->behave();
  CHECK(eventually(60s, [&] { return with.broker->heard(village.node_id("PX-01"), "/alert").size() > ask; }));
  CHECK_FALSE(eventually(20s, [&] { return with.heard("alert=" + alert) > before; }));
}

TEST_CASE("a broker that drops every head is noticed by the node, and shown", "[long]") {
  BetrayedVillage with;
  INFO(with.village.last_words());
  REQUIRE(with.ready);
  with.broker->obey([](const std::string&, const Publication& one) {
    return is_head(one) ? std::vector<Publication>{} : std::vector{one};
  });
  CHECK(eventually(40s, [&] { return with.has_reason("PX-01", "controller_unheard"); }));
  with.broker->behave();
  CHECK(eventually(60s, [&] { return !with.has_reason("PX-01", "controller_unheard"); }));
}

TEST_CASE("a broker that repeats and reorders changes nothing of what is heard", "[long]") {
  struct Order {
    std::mutex mutex;
    std::map<std::string, Publication> kept;
  };
  BetrayedVillage with;
  auto& village = with.village;
  INFO(village.last_words());
  REQUIRE(with.ready);
  const auto programme = village.approved_programme();
  const auto kept = std::make_shared<Order>();
  SECTION("everything three times") {
    with.broker->obey([](const std::string&, const Publication& one) { return std::vector{one, one, one}; });
  }
  SECTION("every second one before the first, and the first again") {
    with.broker->obey([kept](const std::string& node, const Publication& one) -> std::vector<Publication> {
      const std::lock_guard lock(kept->mutex);
      const auto before = kept->kept.find(node);
      if (before == kept->kept.end()) {
        kept->kept.emplace(node, one);
        return {};
      }
      auto first = before->second;
      kept->kept.erase(before);
      return {one, first, one};
    });
  }
  const auto broadcast = village.schedule(programme, 15s);
  const auto records = village.wait_for_records("broadcast=" + broadcast, 2, 60s);
  INFO(json::serialize(records));
  REQUIRE(records.size() == 2);
  for (const auto& record : records) CHECK(text(record, "outcome") == "played");
  CHECK(village.records("broadcast=" + broadcast).size() == 2);
}

TEST_CASE("a broker that gives nodes what was meant for others is refused, and nothing foreign sounds", "[long]") {
  BetrayedVillage with;
  auto& village = with.village;
  INFO(village.last_words());
  REQUIRE(with.ready);
  const auto px = village.node_id("PX-01"), al = village.node_id("AL-01");
  with.broker->obey([&](const std::string& node, const Publication& one) -> std::vector<Publication> {
    if (node != al) return {one};
    // What AL-01 gets, PX-01 gets too: under AL-01's topic, under its own, and alerts under those of its own areas.
    const auto own = [&](std::string topic) {
      if (const auto at = topic.find(al); at != std::string::npos) topic.replace(at, al.size(), px);
      if (const auto at = topic.find(Village::kCommune); at != std::string::npos) topic.replace(at, std::string(Village::kCommune).size(), Village::kWard);
      return topic;
    };
    for (const bool retained : {false, true}) {
      with.broker->say(px, {one.topic, one.payload, retained});
      with.broker->say(px, {own(one.topic), one.payload, retained});
    }
    return {one};
  });
  const auto programme = village.approved_programme();
  const auto body = json::object{{"areas", json::array{Village::kCommune}}};
  const auto broadcast = village.schedule(programme, 10s, body);
  const auto alert = village.alert({{"area", Village::kCommune}});
  const auto records = village.wait_for_records("broadcast=" + broadcast, 1, 60s);
  REQUIRE(village.wait_for_records("alert=" + alert, 1, 60s).size() == 1);
  REQUIRE(records.size() == 1);
  CHECK(text(records[0], "node_code") == "AL-01");
  const std::set<std::string> codes{"wrong_audience", "key_not_allowed", "wrong_area", "stale"};
  CHECK(eventually(20s, [&] { return codes.contains(with.last_refusal("PX-01")); }));
  CHECK_FALSE(village.node("PX-01").wait_for_line(broadcast + "@", 1s).has_value());
  CHECK_FALSE(village.node("PX-01").wait_for_line(alert + ".", 1s).has_value());
}

TEST_CASE("a broker that replays yesterday's bytes makes nothing sound, also to a board that wakes without a clock") {
  BetrayedVillage with;
  auto& village = with.village;
  INFO(village.last_words());
  REQUIRE(with.ready);
  const std::vector<std::string> codes{"PX-01", "AL-01"};
  const auto programme = village.approved_programme();
  // Yesterday: a broadcast that has its time only now, and an alert that would still repeat. Both were taken back.
  const auto broadcast = village.schedule(programme, 40s);
  const auto due = std::chrono::steady_clock::now() + 40s;
  REQUIRE(village.nodes_ready());
  const auto alert = village.alert({{"repeats", 20}, {"repeat_every_s", 18}});
  REQUIRE(village.wait_for_records("alert=" + alert, 1, 40s).size() >= 1);
  std::map<std::string, std::vector<Publication>> yesterday;
  for (const auto& code : codes) yesterday[code] = with.broker->heard(village.node_id(code));
  REQUIRE(yesterday["PX-01"].size() >= 4);
  village.approver().post("/alerts/" + alert + "/cancel");
  village.officer().post("/broadcasts/" + broadcast + "/cancel");
  REQUIRE(eventually(20s, [&] { return with.told_all("PX-01"); }));
  REQUIRE(village.nodes_ready(30s));
  const auto before = with.heard("alert=" + alert);

  // Today: the true broker is swallowed, and yesterday said again and again, live and retained.
  with.broker->obey([](const std::string&, const Publication&) { return std::vector<Publication>{}; });
  SECTION("to nodes that go on running") {}
  SECTION("to a board that wakes in 1970, and to one that starts anew") {
    for (const auto& code : codes) village.node(code).kill();
    const auto boot = another_boot(village.node_folder("PX-01") / "boot_id", "00000000-0000-4000-8000-000000000001");
    village.start_node("PX-01", {boot, false_clock("@1970-01-01 00:00:05")});
    village.start_node("AL-01");
  }
  while (std::chrono::steady_clock::now() < due + 4s) {
    for (const auto& code : codes)
      for (const auto& one : yesterday[code])
        for (const bool retained : {false, true}) with.broker->say(village.node_id(code), {one.topic, one.payload, retained});
    CHECK_FALSE(village.node("PX-01").wait_for_line(broadcast + "@", 1s).has_value());
    CHECK_FALSE(village.node("AL-01").wait_for_line(broadcast + "@", 10ms).has_value());
  }
  // What it did and refused is shown once it is heard again.
  with.broker->behave();
  REQUIRE(eventually(60s, [&] { return !with.last_refusal("PX-01").empty() && text(with.node("PX-01").at("report"), "clock") != "untrusted"; }));
  CHECK(std::set<std::string>{"old_revision", "stale", "expired", "replayed"}.contains(with.last_refusal("PX-01")));
  CHECK(with.heard("alert=" + alert) == before);
  CHECK(with.heard("broadcast=" + broadcast) == 0);
}
