#include <catch2/catch.hpp>

#include "protocol/topics.hpp"
#include "tests/link/link_owner.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::protocol;
using namespace std::chrono_literals;
using tests::LinkOwner;

namespace {

struct Fixture {
  tests::TempFolder folder;
  boost::asio::io_context loop;
  tests::Broker broker{folder.path(), {"n-1", "n-2"}};
  Fixture() { broker.start(); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "what is published arrives, live and then retained") {
  LinkOwner node(loop, broker.link_settings("n-1"));
  LinkOwner controller(loop, broker.link_settings("controller"));
  REQUIRE(node.connect());
  REQUIRE(controller.connect());
  CHECK(node.sessions[0].number == 1);
  CHECK(node.sessions[0].address == broker.address());
  node.link->subscribe(keys_topic());
  node.link->subscribe(plan_topic("n-1"));
  REQUIRE(node.settle());
  REQUIRE(controller.publish(keys_topic(), "set 1", true));
  REQUIRE(node.receives("set 1"));
  REQUIRE(controller.publish(plan_topic("n-1"), std::string("\0bytes\xff", 7), true));
  REQUIRE(node.receives(std::string("\0bytes\xff", 7)));
  const auto* live = node.find("set 1");
  CHECK(live->topic == keys_topic());
  CHECK(live->qos == 1);
  CHECK_FALSE(live->retained);

  LinkOwner late(loop, broker.link_settings("n-2"));
  REQUIRE(late.connect());
  late.link->subscribe(keys_topic());
  REQUIRE(late.receives("set 1"));
  CHECK(late.find("set 1")->retained);
}

TEST_CASE_METHOD(Fixture, "what is subscribed to in one go takes one packet, before what is published after it") {
  broker.stop();
  broker.start({"-v"});
  const auto packets = [this](const std::string& what) {
    const auto log = broker.log();
    int count = 0;
    for (auto at = log.find(what); at != std::string::npos; at = log.find(what, at + 1)) ++count;
    return count;
  };
  LinkOwner node(loop, broker.link_settings("n-1"));
  LinkOwner controller(loop, broker.link_settings("controller"));
  REQUIRE(node.connect());
  REQUIRE(controller.connect());
  for (const auto& filter : node_filters("n-1")) node.link->subscribe(filter);
  node.link->subscribe(alert_topic("hue"));
  REQUIRE(node.settle());
  CHECK(packets("Received SUBSCRIBE from n-1") == 1);
  CHECK(broker.log().find("Received SUBSCRIBE from n-1") < broker.log().find("Received PUBLISH from n-1"));
  REQUIRE(controller.publish(head_topic("n-1"), "head"));
  REQUIRE(controller.publish(alert_topic("hue"), "alert"));
  CHECK(node.receives("head"));
  CHECK(node.receives("alert"));

  // A packet stays small however much is asked for.
  for (int i = 0; i < 100; ++i) controller.link->subscribe(state_topic("n-" + std::to_string(i)));
  REQUIRE(controller.settle());
  CHECK(packets("Received SUBSCRIBE from controller") == 4);
}

TEST_CASE_METHOD(Fixture, "an unsubscribed topic is silent") {
  LinkOwner node(loop, broker.link_settings("n-1"));
  LinkOwner controller(loop, broker.link_settings("controller"));
  REQUIRE((node.connect() && controller.connect()));
  node.link->subscribe(keys_topic());
  node.link->subscribe(alert_topic("hue"));
  REQUIRE(node.settle());
  REQUIRE(controller.publish(keys_topic(), "set 1"));
  REQUIRE(node.receives("set 1"));
  node.link->unsubscribe(keys_topic());
  REQUIRE(node.settle());
  REQUIRE(controller.publish(keys_topic(), "set 2"));
  REQUIRE(controller.publish(alert_topic("hue"), "alert"));
  REQUIRE(node.receives("alert"));
  CHECK(node.find("set 2") == nullptr);
}

TEST_CASE_METHOD(Fixture, "the will of the present session is delivered when the process dies, and not after a farewell") {
  LinkOwner controller(loop, broker.link_settings("controller"));
  REQUIRE(controller.connect());
  controller.link->subscribe(state_topic("+"));
  REQUIRE(controller.settle());
  const auto settings = broker.link_settings("n-1");

  LinkOwner node(loop, settings);
  node.will = LinkWill{state_topic("n-1"), "gone, session 1", true};
  REQUIRE(node.connect());
  node.link.reset();  // no DISCONNECT is sent
  REQUIRE(controller.receives("gone, session 1"));

  LinkOwner again(loop, settings);
  again.will = LinkWill{state_topic("n-1"), "gone, session 2", true};
  REQUIRE(again.connect());
  bool closed = false;
  again.link->close(5s, [&] { closed = true; });
  REQUIRE(again.until([&] { return closed; }));
  CHECK_FALSE(again.link->connected());
  REQUIRE(controller.publish(state_topic("n-9"), "after"));
  REQUIRE(controller.receives("after"));
  CHECK(controller.find("gone, session 2") == nullptr);
}

TEST_CASE_METHOD(Fixture, "closing waits for open publications") {
  LinkOwner node(loop, broker.link_settings("n-1"));
  REQUIRE(node.connect());
  std::vector<PublishOutcome> outcomes;
  for (int i = 0; i < 200; ++i)
    REQUIRE(node.link
                ->publish(log_topic("n-1"), std::string(1000, 'x'), false,
                          [&](PublishOutcome outcome) { outcomes.push_back(outcome); })
                .has_value());
  bool closed = false;
  node.link->close(10s, [&] { closed = true; });
  CHECK(node.link->publish(log_topic("n-1"), "late", false).error() == PublishError::not_connected);
  REQUIRE(node.until([&] { return closed; }));
  CHECK(outcomes == std::vector<PublishOutcome>(200, PublishOutcome::acknowledged));
}

TEST_CASE_METHOD(Fixture, "what cannot be published is refused before it is sent") {
  auto settings = broker.link_settings("n-1");
  settings.max_in_flight = 2;
  settings.max_message_bytes = 1000;
  LinkOwner node(loop, settings);
  CHECK(node.link->publish(state_topic("n-1"), "x", false).error() == PublishError::not_connected);
  REQUIRE(node.connect());
  CHECK(node.link->publish(state_topic("n-1"), std::string(1000, 'x'), false).error() == PublishError::too_large);
  REQUIRE(node.link->publish(state_topic("n-1"), "1", false).has_value());
  REQUIRE(node.link->publish(state_topic("n-1"), "2", false).has_value());
  CHECK(node.link->publish(state_topic("n-1"), "3", false).error() == PublishError::queue_full);
  CHECK(std::string(name_of(PublishError::queue_full)) == "queue_full");
  // After the PUBACKs there is room again, and the too large one did not end the session.
  REQUIRE(node.until([&] { return node.link->publish(state_topic("n-1"), "4", false).has_value(); }));
  CHECK(node.sessions.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a message above the limit is dropped and the next one still comes") {
  auto settings = broker.link_settings("n-1");
  settings.max_message_bytes = 1000;
  LinkOwner node(loop, settings);
  LinkOwner controller(loop, broker.link_settings("controller"));
  REQUIRE((node.connect() && controller.connect()));
  node.link->subscribe(plan_topic("n-1"));
  node.link->subscribe(keys_topic());
  REQUIRE(node.settle());
  REQUIRE(controller.publish(plan_topic("n-1"), std::string(1001, 'x')));
  REQUIRE(controller.publish(plan_topic("n-1"), "small"));
  REQUIRE(node.receives("small"));
  CHECK(node.messages.size() == 1);
  CHECK(node.sessions.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a slow owner loses nothing: the link reads no more than the bound ahead") {
  auto settings = broker.link_settings("n-1");
  settings.max_inbound = 4;
  LinkOwner node(loop, settings);
  LinkOwner controller(loop, broker.link_settings("controller"));
  REQUIRE((node.connect() && controller.connect()));
  node.link->subscribe(keys_topic());
  REQUIRE(node.settle());
  for (int i = 0; i < 100; ++i) REQUIRE(controller.publish(keys_topic(), "set " + std::to_string(i)));
  REQUIRE(node.receives("set 99"));
  std::vector<std::string> payloads, wanted;
  for (const auto& message : node.messages) payloads.push_back(message.payload);
  for (int i = 0; i < 100; ++i) wanted.push_back("set " + std::to_string(i));
  CHECK(payloads == wanted);
}

TEST_CASE_METHOD(Fixture, "a link may be destroyed from within its own handler") {
  std::unique_ptr<MosquittoLink> link = std::make_unique<MosquittoLink>(loop.get_executor(), broker.link_settings("n-1"));
  bool gone = false;
  link->start({[] { return ConnectTerms{{}, SystemClock().now()}; },
               [&](const LinkSession&) {
                 link.reset();
                 gone = true;
               },
               {}, {}});
  CHECK(tests::run_until(loop, [&] { return gone; }));
}
