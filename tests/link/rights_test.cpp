#include <catch2/catch.hpp>

#include "controller/authority/files.hpp"
#include "protocol/topics.hpp"
#include "tests/link/link_owner.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::protocol;
using namespace std::chrono_literals;
using tests::LinkOwner;

namespace {

/// Whose right a row tells of.
enum class Right { none, reads, writes };

struct Topic {
  std::string name;
  Right own;    ///< of the node that it is for, or of every node where it is for all
  Right other;  ///< of another node
};

/// Every topic of node `id`, what all nodes share, and some that are nobody's.
std::vector<Topic> topics_of(const std::string& id) {
  using enum Right;
  return {{keys_topic(), reads, reads},
          {controller_state_topic(), reads, reads},
          {alert_topic("hue"), reads, reads},
          {head_topic(id), reads, none},
          {plan_topic(id), reads, none},
          {order_topic(id), reads, none},
          {log_ack_topic(id), reads, none},
          {certificate_topic(id), reads, none},
          {state_topic(id), writes, none},
          {receipt_topic(id), writes, none},
          {log_topic(id), writes, none},
          {certificate_request_topic(id), writes, none},
          {keys_topic(2), none, none},
          {"loa/1/other", none, none},
          {"elsewhere", none, none}};
}

std::string by_node(const std::string& who, const Topic& topic) { return who + " on " + topic.name; }
std::string by_controller(const Topic& topic) { return "controller on " + topic.name; }

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
  /// The controller hears everything, and a message of n-1 is the last one of a round.
  void listen() {
    controller.link->subscribe("#");
    controller.link->subscribe("loa/1/#");
    REQUIRE(controller.settle());
  }
  void end_round(LinkOwner& last, const std::string& topic) {
    REQUIRE(last.publish(topic, "last"));
    REQUIRE(controller.receives("last"));
  }
  bool arrived(const std::string& payload) { return controller.find(payload) != nullptr; }
};

/// Someone who is no node: a program that speaks MQTT over TLS as it likes.
struct Outsider {
  std::filesystem::path folder;
  std::uint16_t port;
  std::vector<std::string> proof;  ///< options that name a certificate and key, or none

  std::vector<std::string> options(const char* program) const {
    std::vector<std::string> argv{program, "-h", "localhost", "-p", std::to_string(port), "--cafile", (folder / "ca" / "ca.pem").string(), "-i", "n-1", "-q", "1"};
    argv.insert(argv.end(), proof.begin(), proof.end());
    return argv;
  }
  /// Its exit code: 0 where the broker took it for done.
  int publish(const Topic& topic, const std::string& payload) const {
    auto argv = options("mosquitto_pub");
    argv.insert(argv.end(), {"-t", topic.name, "-m", payload});
    return tests::Process(argv, {folder, "outsider-pub", {}, {}}).wait(10s).value_or(-1);
  }
  tests::Process listener(const std::vector<Topic>& topics) const {
    auto argv = options("mosquitto_sub");
    for (const auto& topic : topics) argv.insert(argv.end(), {"-t", topic.name});
    return tests::Process(argv, {folder, "outsider-sub", {}, {}});
  }
};

}  // namespace

// The broker acknowledges what it does not allow, so only what arrives counts. Messages of one client keep their order: once the
// last, allowed one has come, the others have either come or were dropped.
TEST_CASE_METHOD(Fixture, "what a node publishes arrives only from its own topics, though all is acknowledged") {
  LinkOwner other(loop, broker.link_settings("n-2"));
  REQUIRE(other.connect());
  listen();
  const auto topics = topics_of("n-1");
  for (const auto& topic : topics) {
    CAPTURE(topic.name);
    CHECK(node.publish(topic.name, by_node("own", topic)));
    CHECK(other.publish(topic.name, by_node("other", topic)));
  }
  end_round(node, state_topic("n-1"));
  REQUIRE(other.publish(state_topic("n-2"), "last of the other"));
  REQUIRE(controller.receives("last of the other"));
  for (const auto& topic : topics) {
    CAPTURE(topic.name);
    CHECK(arrived(by_node("own", topic)) == (topic.own == Right::writes));
    CHECK(arrived(by_node("other", topic)) == (topic.other == Right::writes));
  }
}

TEST_CASE_METHOD(Fixture, "a node reads its own topics and what all nodes read, whatever it asks for") {
  LinkOwner other(loop, broker.link_settings("n-2"));
  REQUIRE(other.connect());
  const auto topics = topics_of("n-1");
  const bool with_wildcards = GENERATE(false, true);
  CAPTURE(with_wildcards);
  for (auto* who : {&node, &other}) {
    if (with_wildcards)
      for (const char* filter : {"#", "loa/1/node/+/+"}) who->link->subscribe(filter);
    else
      for (const auto& topic : topics) who->link->subscribe(topic.name);
    who->link->subscribe(keys_topic());
    REQUIRE(who->settle());
  }
  for (const auto& topic : topics) REQUIRE(controller.publish(topic.name, by_controller(topic)));
  REQUIRE(controller.publish(keys_topic(), "last"));
  REQUIRE((node.receives("last") && other.receives("last")));
  for (const auto& topic : topics) {
    CAPTURE(topic.name);
    CHECK((node.find(by_controller(topic)) != nullptr) == (topic.own == Right::reads));
    CHECK((other.find(by_controller(topic)) != nullptr) == (topic.other == Right::reads));
  }
}

TEST_CASE_METHOD(Fixture, "a revoked node reads and writes nothing, on the connection that it has and on any other") {
  std::string serial;
  const auto credentials = broker.link_settings("n-3", &serial);
  broker.set_nodes({"n-1", "n-2", "n-3"});
  LinkOwner revoked(loop, credentials);
  REQUIRE(revoked.connect());
  listen();
  auto topics = topics_of("n-3");
  for (const auto& topic : topics_of("n-1"))
    if (topic.name.find("n-1") != std::string::npos) topics.push_back(topic);
  for (const auto& topic : topics) revoked.link->subscribe(topic.name);
  // The rights of one that joins reach its sessions only after the broker has read them.
  for (int session = 0; session < 5 && !arrived("before"); ++session) {
    revoked.publish(state_topic("n-3"), "before");
    if (controller.receives("before", 500ms)) break;
    const auto sessions = revoked.sessions.size();
    revoked.link->renew();
    REQUIRE(revoked.until([&] { return revoked.sessions.size() > sessions; }));
    for (const auto& topic : topics) revoked.link->subscribe(topic.name);
  }
  REQUIRE(arrived("before"));
  REQUIRE(controller.publish(keys_topic(), "before"));
  REQUIRE(revoked.receives("before"));

  broker.authority().revoke(serial, SystemClock().now());
  broker.set_nodes({"n-1", "n-2"});
  REQUIRE(revoked.link->connected());
  for (const auto& topic : topics) {
    CAPTURE(topic.name);
    CHECK(revoked.publish(topic.name, by_node("revoked", topic)));
    REQUIRE(controller.publish(topic.name, by_controller(topic)));
  }
  end_round(node, state_topic("n-1"));
  REQUIRE(revoked.settle());
  for (const auto& topic : topics) {
    CAPTURE(topic.name);
    CHECK_FALSE(arrived(by_node("revoked", topic)));
    CHECK(revoked.find(by_controller(topic)) == nullptr);
  }
  LinkOwner again(loop, credentials);
  again.start();
  REQUIRE(again.until([&] { return again.reasons.size() >= 2 || !again.sessions.empty(); }));
  CHECK(again.sessions.empty());
}

TEST_CASE_METHOD(Fixture, "a stranger and one without a certificate read and write nothing") {
  const auto stranger = authority::CertificateAuthority::open_or_create(folder / "stranger", SystemClock().now()).issue_client("n-1", SystemClock().now());
  const auto certificate = folder / "stranger.pem";
  const auto key = folder / "stranger.key";
  authority::write_file(certificate, stranger.certificate_pem, 0600);
  authority::write_file(key, stranger.key_pem, 0600);
  const Outsider outsiders[] = {{folder.path(), broker.port(), {"--cert", certificate.string(), "--key", key.string()}}, {folder.path(), broker.port(), {}}};
  listen();
  const auto topics = topics_of("n-1");
  for (const auto& outsider : outsiders) {
    CAPTURE(outsider.proof.size());
    auto listener = outsider.listener(topics);
    for (const auto& topic : topics) {
      CAPTURE(topic.name);
      CHECK(outsider.publish(topic, by_node("outsider", topic)) != 0);
      REQUIRE(controller.publish(topic.name, by_controller(topic), true));
    }
    end_round(node, state_topic("n-1"));
    for (const auto& topic : topics) CHECK_FALSE(arrived(by_node("outsider", topic)));
    CHECK(listener.wait(10s).value_or(0) != 0);
    CHECK(listener.out().empty());
  }
  SECTION("a known node's certificate goes in, so that what was refused was the proof") {
    const auto own = broker.link_settings("n-2");
    authority::write_file(certificate, own.certificate_pem, 0600);
    authority::write_file(key, own.key_pem, 0600);
    CHECK(outsiders[0].publish({keys_topic(), Right::reads, Right::reads}, "x") == 0);
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
