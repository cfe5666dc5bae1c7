#include <catch2/catch.hpp>

#include "protocol/topics.hpp"
#include "tests/link/link_owner.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::protocol;
using tests::LinkOwner;

namespace {

struct Right {
  std::string topic;
  bool node_writes;  ///< what n-1 publishes there arrives at the controller
  bool node_reads;   ///< what the controller publishes there arrives at n-1
};

const Right kRights[] = {
    {keys_topic(), false, true},
    {controller_state_topic(), false, true},
    {alert_topic("hue"), false, true},
    {head_topic("n-1"), false, true},
    {plan_topic("n-1"), false, true},
    {order_topic("n-1"), false, true},
    {log_ack_topic("n-1"), false, true},
    {state_topic("n-1"), true, false},
    {receipt_topic("n-1"), true, false},
    {log_topic("n-1"), true, false},
    {head_topic("n-2"), false, false},
    {plan_topic("n-2"), false, false},
    {order_topic("n-2"), false, false},
    {log_ack_topic("n-2"), false, false},
    {state_topic("n-2"), false, false},
    {receipt_topic("n-2"), false, false},
    {log_topic("n-2"), false, false},
    {keys_topic(2), false, false},
    {"loa/1/other", false, false},
    {"elsewhere", false, false},
};

struct Fixture {
  tests::TempFolder folder;
  boost::asio::io_context loop;
  tests::Broker broker{folder.path(), {"n-1", "n-2"}};
  LinkOwner node{loop, broker.link_settings("n-1")};
  LinkOwner controller{loop, broker.link_settings("controller")};
  Fixture() {
    broker.start();
    REQUIRE(node.connect());
    REQUIRE(controller.connect());
  }
};

}  // namespace

// The broker acknowledges what it does not allow, so only what arrives counts. Messages of one client keep their order: once the
// last, allowed one has come, the others have either come or were dropped.
TEST_CASE_METHOD(Fixture, "what a node publishes arrives only from its own topics, though all is acknowledged") {
  controller.link->subscribe("#");
  controller.link->subscribe("loa/1/#");
  REQUIRE(controller.settle());
  for (const Right& right : kRights) {
    CAPTURE(right.topic);
    CHECK(node.publish(right.topic, "by node: " + right.topic));
  }
  REQUIRE(node.publish(state_topic("n-1"), "last"));
  REQUIRE(controller.receives("last"));
  for (const Right& right : kRights) {
    CAPTURE(right.topic);
    CHECK((controller.find("by node: " + right.topic) != nullptr) == right.node_writes);
  }
}

TEST_CASE_METHOD(Fixture, "a node reads its own topics and what all nodes read, whatever it asks for") {
  SECTION("asked for one by one") {
    for (const Right& right : kRights) node.link->subscribe(right.topic);
  }
  SECTION("asked for with wildcards") {
    node.link->subscribe("#");
    node.link->subscribe("loa/1/node/+/+");
  }
  node.link->subscribe(keys_topic());
  REQUIRE(node.settle());
  for (const Right& right : kRights) REQUIRE(controller.publish(right.topic, "by controller: " + right.topic));
  REQUIRE(controller.publish(keys_topic(), "last"));
  REQUIRE(node.receives("last"));
  for (const Right& right : kRights) {
    CAPTURE(right.topic);
    CHECK((node.find("by controller: " + right.topic) != nullptr) == right.node_reads);
  }
}

TEST_CASE_METHOD(Fixture, "a node taken out of the files loses its rights on the live connection") {
  controller.link->subscribe(state_topic("+"));
  node.link->subscribe(keys_topic());
  REQUIRE((node.settle() && controller.settle()));
  REQUIRE(node.publish(state_topic("n-1"), "before"));
  REQUIRE(controller.receives("before"));
  broker.set_nodes({"n-2"});
  REQUIRE(node.publish(state_topic("n-1"), "after"));
  LinkOwner other(loop, broker.link_settings("n-2"));
  REQUIRE(other.connect());
  other.link->subscribe(keys_topic());
  REQUIRE(other.settle());
  REQUIRE(other.publish(state_topic("n-2"), "other"));
  REQUIRE(controller.receives("other"));
  REQUIRE(controller.publish(keys_topic(), "set"));
  REQUIRE(other.receives("set"));
  CHECK(controller.find("after") == nullptr);
  CHECK(node.find("set") == nullptr);
}

TEST_CASE("a broker of two formats lets nodes read the shared topics of both") {
  const std::string acl = authority::make_broker_acl({"n-1"}, {1, 2});
  CHECK_THAT(acl, Catch::Contains("topic read loa/2/keys\n") && Catch::Contains("topic read loa/2/area/+/alert\n") &&
                      Catch::Contains("topic readwrite loa/2/#\n"));
  for (const char* bad : {"", "n 1", "n/1", "+", "#", "n-1\nuser x", "controller"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(authority::make_broker_acl({bad}, {1}), std::invalid_argument);
  }
}
