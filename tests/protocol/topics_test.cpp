#include "protocol/topics.hpp"

#include <catch2/catch.hpp>

using namespace loa::protocol;

TEST_CASE("each topic reads as what it was built from") {
  struct Row {
    std::string text;
    Topic topic;
    bool retained;
  };
  const std::vector<Row> rows{
      {keys_topic(), {MessageType::keys, 1, ""}, true},
      {keys_topic(2), {MessageType::keys, 2, ""}, true},
      {controller_state_topic(), {MessageType::controller_state, 1, ""}, true},
      {alert_topic("hue-19753"), {MessageType::alert, 1, "hue-19753"}, true},
      {alert_topic("hue", 12), {MessageType::alert, 12, "hue"}, true},
      {head_topic("n-1"), {MessageType::head, 1, "n-1"}, false},
      {plan_topic("n-1"), {MessageType::plan, 1, "n-1"}, true},
      {order_topic("n-1"), {MessageType::order, 1, "n-1"}, false},
      {log_ack_topic("n-1"), {MessageType::log_ack, 1, "n-1"}, false},
      {state_topic("n-1"), {MessageType::state, 1, "n-1"}, true},
      {receipt_topic("n-1"), {MessageType::receipt, 1, "n-1"}, false},
      {log_topic("n-1"), {MessageType::log, 1, "n-1"}, false},
      {certificate_request_topic("n-1"), {MessageType::certificate_request, 1, "n-1"}, false},
      {certificate_topic("n-1"), {MessageType::certificate, 1, "n-1"}, false},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(parse_topic(row.text).value() == row.topic);
    CHECK(is_retained(row.topic.type) == row.retained);
  }
}

TEST_CASE("topics have the names that the broker's rules are written for") {
  CHECK(keys_topic() == "loa/1/keys");
  CHECK(alert_topic("hue") == "loa/1/area/hue/alert");
  CHECK(log_ack_topic("n-1") == "loa/1/node/n-1/log-ack");
  CHECK(controller_state_topic() == "loa/1/controller/state");
  CHECK(controller_filters() ==
        std::vector<std::string>{"loa/1/node/+/state", "loa/1/node/+/receipt", "loa/1/node/+/log",
                                 "loa/1/node/+/certificate-request"});
  CHECK(node_filters("n-1") == std::vector<std::string>{"loa/1/keys", "loa/1/controller/state",
                                                        "loa/1/node/n-1/head", "loa/1/node/n-1/order",
                                                        "loa/1/node/n-1/log-ack", "loa/1/node/n-1/certificate"});
}

TEST_CASE("anything else is no topic of Loa") {
  const std::vector<std::string> rows{"",
                                      "loa",
                                      "loa/1",
                                      "loa/1/",
                                      "loa/0/keys",
                                      "loa/01/keys",
                                      "loa/+1/keys",
                                      "loa/-1/keys",
                                      "loa/99999999999/keys",
                                      "loa/1/keys/",
                                      "/loa/1/keys",
                                      "other/1/keys",
                                      "loa/1/node/n-1",
                                      "loa/1/node/n-1/nothing",
                                      "loa/1/node//plan",
                                      "loa/1/node/+/plan",
                                      "loa/1/node/a/b/plan",
                                      "loa/2/node/n-1/plan",
                                      "loa/1/area/Hue/alert",
                                      "loa/1/area/hue/plan",
                                      "loa/1/area/hue_1/alert",
                                      "loa/1/area/" + std::string(41, 'a') + "/alert"};
  for (const std::string& text : rows) {
    INFO(text);
    const auto parsed = parse_topic(text);
    REQUIRE(parsed.has_error());
    CHECK(parsed.error().message == "\"" + text + "\" is no topic of Loa");
  }
}
