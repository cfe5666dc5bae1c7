#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "protocol/topics.hpp"
#include "tests/link/link_owner.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::protocol;
using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using tests::LinkOwner;

namespace {

struct Fixture {
  tests::TempFolder folder;
  boost::asio::io_context loop;
  tests::Broker broker{folder.path(), {"n-1"}};
};

/// Something that takes a connection and hangs up at once.
class Hangup {
 public:
  explicit Hangup(boost::asio::io_context& loop)
      : acceptor_(loop, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    accept();
  }
  int taken = 0;
  std::string address() const { return "mqtts://localhost:" + std::to_string(acceptor_.local_endpoint().port()); }

 private:
  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (error) return;
      ++taken;
      socket.close();
      accept();
    });
  }
  tcp::acceptor acceptor_;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a broker that is down at start is found when it comes") {
  LinkOwner node(loop, broker.link_settings("n-1"));
  node.start();
  REQUIRE(node.until([&] { return node.reasons.size() >= 2; }));
  CHECK_THAT(node.reasons[0], Catch::StartsWith(broker.address() + ": ") && Catch::Contains("refused"));
  CHECK_FALSE(node.link->connected());
  broker.start();
  REQUIRE(node.until([&] { return node.link->connected(); }));
  CHECK(node.sessions[0].number == 1);
}

TEST_CASE_METHOD(Fixture, "after a killed broker each new session has a will and number of its own") {
  broker.start();
  LinkOwner node(loop, broker.link_settings("n-1"));
  REQUIRE(node.connect());
  node.link->subscribe(keys_topic());
  REQUIRE(node.settle());
  const int before = node.attempts;
  PublishOutcome outcome = PublishOutcome::acknowledged;
  broker.kill();
  REQUIRE(node.link->publish(log_topic("n-1"), "lost", false, [&](PublishOutcome how) { outcome = how; }).has_value());
  REQUIRE(node.until([&] { return !node.link->connected(); }));
  CHECK(outcome == PublishOutcome::lost);
  broker.start();
  REQUIRE(node.until([&] { return node.sessions.size() == 2; }));
  CHECK(node.sessions[1].number == 2);
  CHECK(node.attempts > before);

  // Nothing of the first session lives on: neither the subscription nor the publication.
  LinkOwner controller(loop, broker.link_settings("controller"));
  REQUIRE(controller.connect());
  controller.link->subscribe(log_topic("+"));
  REQUIRE(controller.settle());
  REQUIRE(controller.publish(keys_topic(), "unheard"));
  node.link->subscribe(alert_topic("+"));
  REQUIRE(node.settle());
  REQUIRE(node.publish(log_topic("n-1"), "second"));
  REQUIRE(controller.publish(alert_topic("hue"), "alert"));
  REQUIRE(node.receives("alert"));
  REQUIRE(controller.receives("second"));
  CHECK(node.find("unheard") == nullptr);
  CHECK(controller.find("lost") == nullptr);
}

TEST_CASE_METHOD(Fixture, "a peer that takes the connection and drops it is asked ever less often") {
  Hangup peer(loop);
  auto settings = broker.link_settings("n-1");
  settings.addresses = {peer.address()};
  settings.backoff_base = 20ms;
  settings.backoff_cap = 60s;
  LinkOwner node(loop, settings);
  node.start();
  node.until([] { return false; }, 1500ms);
  // Without back-off a loopback connection takes less than a millisecond; with it the bounds add up to 20·(2ⁿ − 1) ms, of which
  // half is waited on average.
  CHECK(peer.taken >= 2);
  CHECK(peer.taken <= 25);
  CHECK_FALSE(node.link->connected());
}

TEST_CASE_METHOD(Fixture, "a broker that accepts the session and drops it soon is asked ever less often") {
  broker.start();
  const auto settings = broker.link_settings("n-1");
  auto patient = settings;
  patient.backoff_base = 20ms;
  patient.backoff_cap = 60s;
  patient.stable_after = 60s;
  // Two links with one identity throw each other off at every connect.
  LinkOwner one(loop, patient), two(loop, patient);
  one.start();
  two.start();
  one.until([] { return false; }, 1500ms);
  CHECK(one.sessions.size() >= 1);
  CHECK(one.sessions.size() + two.sessions.size() <= 40);
}

TEST_CASE_METHOD(Fixture, "the addresses are tried in turn") {
  broker.start();
  Hangup peer(loop);
  auto settings = broker.link_settings("n-1");
  settings.addresses = {"mqtts://localhost:" + std::to_string(tests::free_port()), peer.address(), broker.address()};
  LinkOwner node(loop, settings);
  REQUIRE(node.connect());
  CHECK(node.attempts == 3);
  CHECK(peer.taken == 1);
  CHECK(node.sessions[0].address == broker.address());
  CHECK_THAT(node.reasons[0], Catch::StartsWith(settings.addresses[0]));
  CHECK_THAT(node.reasons[1], Catch::StartsWith(settings.addresses[1]));
}

TEST_CASE_METHOD(Fixture, "a link stays with the address that works, and follows one that moved") {
  broker.start();
  tests::TempFolder elsewhere;
  std::filesystem::copy(folder.path() / "ca", elsewhere.path() / "ca", std::filesystem::copy_options::recursive);
  tests::Broker moved(elsewhere.path(), {"n-1"});  // of the same authority
  moved.start();
  auto settings = broker.link_settings("n-1");
  settings.stable_after = 0ms;
  LinkOwner node(loop, settings);
  REQUIRE(node.connect());
  node.link->set_addresses({"no address", broker.address(), moved.address()});
  node.link->renew();
  REQUIRE(node.until([&] { return node.sessions.size() == 2; }));
  CHECK(node.sessions[1].address == broker.address());
  broker.kill();
  REQUIRE(node.until([&] { return node.sessions.size() == 3; }));
  CHECK(node.sessions[2].address == moved.address());
}

TEST_CASE_METHOD(Fixture, "a peer that never answers is given up after the limit") {
  boost::asio::ip::tcp::acceptor silent(loop, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  auto settings = broker.link_settings("n-1");
  settings.addresses = {"mqtts://localhost:" + std::to_string(silent.local_endpoint().port())};
  settings.connect_limit = 200ms;
  LinkOwner node(loop, settings);
  node.start();
  REQUIRE(node.until([&] { return !node.reasons.empty(); }));
  CHECK_THAT(node.reasons[0], Catch::Contains("no answer in time"));
}

TEST_CASE_METHOD(Fixture, "closing during the wait for the next attempt is immediate") {
  auto settings = broker.link_settings("n-1");
  settings.backoff_base = 60s;
  settings.backoff_cap = 60s;
  LinkOwner node(loop, settings);
  node.start();
  REQUIRE(node.until([&] { return !node.reasons.empty(); }));
  bool closed = false;
  node.link->close(10s, [&] { closed = true; });
  CHECK(node.until([&] { return closed; }, 2s));
}

TEST_CASE_METHOD(Fixture, "a session that began before its rights is deaf until it is begun anew") {
  broker.start();
  LinkOwner late(loop, broker.link_settings("n-2"));
  LinkOwner controller(loop, broker.link_settings("controller"));
  REQUIRE((late.connect() && controller.connect()));
  late.link->subscribe(head_topic("n-2"));
  REQUIRE(late.settle());
  broker.set_nodes({"n-1", "n-2"});
  late.link->renew();
  REQUIRE(late.until([&] { return late.sessions.size() == 2; }));
  CHECK(late.sessions[1].number == 2);
  REQUIRE(late.reasons.size() == 1);
  CHECK_THAT(late.reasons[0], Catch::EndsWith("begun anew from this side"));
  late.link->subscribe(head_topic("n-2"));
  REQUIRE(late.settle());
  REQUIRE(controller.publish(head_topic("n-2"), "heard"));
  CHECK(late.receives("heard"));
}
