#include "protocol/formats.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/packet.hpp"
#include "protocol/topics.hpp"
#include "tests/protocol/samples.hpp"
#include "tests/support/format_two.hpp"

namespace samples = loa::protocol::samples;
using namespace loa::protocol;
using loa::tests::kFormatTwo;

namespace {

Formats both() {
  Formats formats;
  formats.add(kFormatTwo, loa::tests::format_two());
  return formats;
}

KeyRing ring() {
  KeyRing made{samples::test_key("root").public_key()};
  REQUIRE(made.take(samples::golden("keys.jws")).has_value());
  return made;
}

std::string sign_working(MessageType type, const std::string& json) {
  return sign(type, samples::kKid, json, samples::test_key("controller"));
}

/// What a broker retains after a controller has published its shared messages in every format in use.
std::map<std::string, std::string> publish_shared(const Formats& formats) {
  std::map<std::string, std::string> retained;
  for (int format : formats.numbers()) {
    const FormatWriter& writer = formats.writer(format);
    retained[alert_topic("hue-19753", format)] =
        sign_working(MessageType::alert, writer.alert(samples::alert()));
    retained[controller_state_topic(format)] =
        sign_working(MessageType::controller_state, writer.controller_state(samples::controller_state()));
  }
  return retained;
}

}  // namespace

TEST_CASE("a controller writes format 1 alone until another is added") {
  CHECK(Formats{}.numbers() == std::vector<int>{1});
  CHECK(both().numbers() == std::vector<int>{1, 2});
}

TEST_CASE("a node is written the highest format that both know") {
  struct Row {
    std::string name;
    std::vector<int> reads;
    int expected;
  };
  const std::vector<Row> rows{{"a node of format 1", {1}, 1},
                              {"a node of both", {2, 1}, 2},
                              {"a newer node", {1, 2, 3}, 2},
                              {"a node that has not said", {}, 1},
                              {"a node of the far future", {9}, 1}};
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(both().highest_for(row.reads) == row.expected);
  }
  CHECK(Formats{}.highest_for({1, 2}) == 1);
}

TEST_CASE(
    "a node of format 1 takes its plan and its area's alert from a controller that also writes format 2") {
  const Formats formats = both();
  const int format = formats.highest_for(samples::state().formats);
  const auto plan =
      pack_plan(formats.writer(format).plan(samples::plan()), samples::kKid, samples::test_key("controller"));
  const auto verified = ring().verify(plan.value(), MessageType::plan, samples::kChain);
  REQUIRE(verified.has_value());
  CHECK(decode_plan(verified->payload, samples::kNode).value() == samples::plan());

  const auto retained = publish_shared(formats);
  REQUIRE(retained.size() == 4);
  const auto alert =
      ring().verify(retained.at(alert_topic("hue-19753")), MessageType::alert, samples::kChain);
  REQUIRE(alert.has_value());
  CHECK(decode_alert(alert->payload, "hue-19753").value() == samples::alert());
}

TEST_CASE("a node of format 1 refuses what is written in format 2 and names the format") {
  const FormatWriter writer = loa::tests::format_two();
  const auto plan = pack_plan(writer.plan(samples::plan()), samples::kKid, samples::test_key("controller"));
  const auto head = sign_working(MessageType::head, writer.head(samples::head()));
  const auto alert = publish_shared(both()).at(alert_topic("hue-19753", 2));
  for (const auto& result : {ring().verify(plan.value(), MessageType::plan, samples::kChain),
                             ring().verify(head, MessageType::head, samples::kChain),
                             ring().verify(alert, MessageType::alert, samples::kChain)}) {
    REQUIRE(result.has_error());
    CHECK(result.error().code == RefusalCode::format_unknown);
    CHECK(result.error().where == "/v");
    CHECK(result.error().message == "format 2 is not known here, 1 is");
  }
}

TEST_CASE("topics of a node stay under loa/1, shared ones have a root for each format") {
  CHECK(plan_topic(samples::kNode) == "loa/1/node/" + samples::kNode + "/plan");
  CHECK(keys_topic(2) == "loa/2/keys");
  CHECK(parse_topic(alert_topic("hue", 2)).value() == Topic{MessageType::alert, 2, "hue"});
}
