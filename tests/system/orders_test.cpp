#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <catch2/catch.hpp>
#include <mutex>

#include "tests/system/betrayed_village.hpp"
#include "tests/system/shared_clock.hpp"

// Orders from an officer's request to the node's answer, and what a broker that is not on our side can make of them.

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

json::value order(Village& village, const std::string& code, const json::object& body) {
  return village.approver().post("/nodes/" + village.node_id(code) + "/orders", body);
}

/// The node's answers about this subject, the newest first, like "accepted" or the code of a refusal.
std::vector<std::string> answers(Village& village, const std::string& subject) {
  std::vector<std::string> said;
  const auto page = village.admin().get("/receipts?subject=" + subject);
  for (const auto& one : page.at("items").as_array()) said.push_back(one.at("accepted").as_bool() ? "accepted" : text(one, "code"));
  return said;
}

bool answered(Village& village, const std::string& subject, const std::string& answer, std::chrono::seconds limit = 15s) {
  return eventually(limit, [&] {
    const auto said = answers(village, subject);
    return !said.empty() && said.front() == answer;
  });
}

}  // namespace

TEST_CASE("each order has its receipt, and is done once") {
  Village village;
  village.add_node("PX-01", Village::kWard);
  village.start_node("PX-01");
  REQUIRE(village.nodes_ready());
  const auto node = [&] { return village.admin().get("/nodes/" + village.node_id("PX-01")).at("report"); };
  const auto given = [&](const char* kind) {
    const auto id = text(order(village, "PX-01", {{"kind", kind}}), "id");
    INFO(kind << json::serialize(json::value_from(answers(village, id))) << village.last_words());
    CHECK(answered(village, id, "accepted"));
    CHECK(answers(village, id).size() == 1);
    return id;
  };

  const auto before = text(node(), "reported_at");
  given("report");
  CHECK(eventually(10s, [&] { return text(node(), "reported_at") > before; }));

  const auto test = given("self_test");
  const auto tested = village.wait_for_records("node=" + village.node_id("PX-01"), 1, 20s);
  REQUIRE(tested.size() == 1);
  CHECK(text(tested[0], "occurrence").find(test) != std::string::npos);
  CHECK(text(tested[0], "outcome") == "played");
  CHECK(tested[0].at("level_dbfs").to_number<double>() > -60);

  const auto broadcast = village.schedule(village.approved_programme(), 5s);
  REQUIRE(eventually(20s, [&] { return text(node(), "sounding").starts_with(broadcast); }));
  given("stop");
  const auto stopped = village.wait_for_records("broadcast=" + broadcast, 1, 20s);
  INFO(json::serialize(stopped) << village.last_words());
  REQUIRE(stopped.size() == 1);
  CHECK(text(stopped[0], "reason") == "stopped");
  CHECK(stopped[0].at("heard_ms").as_int64() < stopped[0].at("planned_ms").as_int64());

  const auto restart = given("restart");
  REQUIRE(village.node("PX-01").wait(15s).has_value());
  village.start_node("PX-01");
  REQUIRE(village.nodes_ready());
  CHECK_FALSE(village.node("PX-01").wait(5s).has_value());  // it is not told a second time
  CHECK(answers(village, restart).size() == 1);
}

TEST_CASE("an order that was replayed, forged, meant for another, or held back until it had expired is refused with a code, and does nothing") {
  std::optional<SharedClock> clock;
  BetrayedVillage with([&](Village& before) { clock.emplace(before); });
  auto& village = with.village;
  INFO(village.last_words());
  REQUIRE(with.ready);
  const auto px = village.node_id("PX-01"), al = village.node_id("AL-01");
  const auto topic = "loa/1/node/" + px + "/order";

  // A stop counts for a minute; this one stays with the broker until that has passed.
  std::mutex mutex;
  std::optional<Publication> late;
  bool hold = true;
  with.broker->obey([&](const std::string& to, const Publication& one) -> std::vector<Publication> {
    const std::lock_guard lock(mutex);
    if (!hold || to != px || one.topic != topic) return {one};
    late = one;
    hold = false;
    return {};
  });
  const auto held = text(order(village, "PX-01", {{"kind", "stop"}}), "id");
  REQUIRE(eventually(10s, [&] {
    const std::lock_guard lock(mutex);
    return late.has_value();
  }));

  const auto done = text(order(village, "PX-01", {{"kind", "self_test"}}), "id");
  REQUIRE(answered(village, done, "accepted"));
  REQUIRE(village.wait_for_records("node=" + px, 1, 20s).size() == 1);
  const auto known = with.broker->heard(px, "/order");
  REQUIRE_FALSE(known.empty());
  REQUIRE(with.broker->say(px, known.back()));
  CHECK(answered(village, done, "replayed"));

  auto forged = known.back();
  auto& letter = forged.payload[forged.payload.size() - 20];  // in the signature
  letter = letter == 'A' ? 'B' : 'A';
  REQUIRE(with.broker->say(px, forged));
  CHECK(answered(village, px, "bad_signature"));

  const auto theirs = text(order(village, "AL-01", {{"kind", "self_test"}}), "id");
  REQUIRE(answered(village, theirs, "accepted"));
  const auto foreign = with.broker->heard(al, "/order");
  REQUIRE_FALSE(foreign.empty());
  REQUIRE(with.broker->say(px, {topic, foreign.back().payload, false}));
  CHECK(answered(village, px, "wrong_audience"));

  clock->pass(58);  // and some seconds have passed since
  REQUIRE(village.node("PX-01").wait_for_line("the clock was set by", 10s));
  REQUIRE(with.broker->say(px, *late));
  CHECK(answered(village, held, "expired"));
  CHECK(answers(village, held).size() == 1);

  // What was refused did nothing: one self-test of each node, and nothing else was heard.
  REQUIRE(village.wait_for_records("node=" + al, 1, 20s).size() == 1);
  for (const auto& node : {px, al}) {
    const auto all = village.records("node=" + node);
    INFO(json::serialize(all));
    CHECK(all.size() == 1);
  }
}
