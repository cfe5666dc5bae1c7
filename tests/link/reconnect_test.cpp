#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "controller/authority/certificates.hpp"
#include "protocol/link_address.hpp"
#include "protocol/link_resolve.hpp"
#include "protocol/topics.hpp"
#include "tests/link/link_owner.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/slow_proxy.hpp"
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

/// An address whose queue of connections is full, so that the kernel drops what else comes: as one that leads nowhere.
class Deaf {
 public:
  Deaf(const std::string& ip, std::uint16_t port) : there_{boost::asio::ip::make_address(ip), port} {
    acceptor_.open(there_.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(there_);
    acceptor_.listen(0);
    for (auto& one : waiting_) {
      one.open(there_.protocol());
      one.native_non_blocking(true);  // Asio's own connect would wait
      (void)::connect(one.native_handle(), there_.data(), static_cast<socklen_t>(there_.size()));
    }
  }

 private:
  boost::asio::io_context loop_;
  tcp::endpoint there_;
  tcp::acceptor acceptor_{loop_};
  std::array<tcp::socket, 4> waiting_{tcp::socket(loop_), tcp::socket(loop_), tcp::socket(loop_), tcp::socket(loop_)};
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

TEST_CASE_METHOD(Fixture, "each IP address of a broker's name is tried, in one attempt, until one takes the connection") {
  broker.start();
  auto settings = broker.link_settings("n-1");
  const auto target = read_targets(settings.addresses).at(0).address;
  const Deaf deaf("127.0.0.2", target.port);
  settings.connect_limit = 3s;
  struct Row {
    const char* name;
    std::vector<std::string> ips;
  };
  const std::vector<Row> rows{{"IPv6, where nothing listens", {"::1", "127.0.0.1"}},
                              {"another where nothing listens", {"127.0.0.3", "127.0.0.1"}},
                              {"one that answers nothing", {"127.0.0.2", "127.0.0.1"}},
                              {"all of that", {"::1", "127.0.0.3", "127.0.0.2", "127.0.0.1"}}};
  for (const auto& row : rows) {
    INFO(row.name);
    settings.resolve = [&](const std::string& host) {
      CHECK(host == target.host);
      return row.ips;
    };
    LinkOwner node(loop, settings);
    CHECK(node.connect());
    CHECK(node.attempts == 1);
  }
}

TEST_CASE_METHOD(Fixture, "where every IP address of a broker fails, each is told with its reason") {
  auto settings = broker.link_settings("n-1");  // nothing listens there
  const auto target = read_targets(settings.addresses).at(0).address;
  const Deaf deaf("127.0.0.2", target.port);
  settings.connect_limit = 1s;
  settings.backoff_base = 60s;
  settings.resolve = [](const std::string&) { return std::vector<std::string>{"127.0.0.3", "127.0.0.2", "127.0.0.4"}; };
  LinkOwner node(loop, settings);
  node.start();
  REQUIRE(node.until([&] { return !node.reasons.empty(); }));
  CHECK_THAT(node.reasons[0], Catch::Contains("127.0.0.3, 127.0.0.4: ") && Catch::Contains("; 127.0.0.2: no answer in time"));
}

TEST_CASE_METHOD(Fixture, "a broker that was reached is not asked once more under another of its addresses") {
  broker.start();
  auto settings = broker.link_settings("n-1");
  int asked = 0;
  settings.resolve = [&](const std::string&) {
    ++asked;
    return std::vector<std::string>{"127.0.0.1", "127.0.0.1"};
  };
  settings.ca_pem = authority::CertificateAuthority::open_or_create(folder / "other", SystemClock().now()).certificate_pem();
  settings.backoff_base = 60s;
  LinkOwner node(loop, settings);
  node.start();
  REQUIRE(node.until([&] { return !node.reasons.empty(); }));
  CHECK(node.reasons[0].find("certificate is refused") != std::string::npos);
  CHECK(asked == 1);
}

TEST_CASE("a host's IP addresses are found, and what is none is said with its name") {
  CHECK(resolve("127.0.0.1") == std::vector<std::string>{"127.0.0.1"});
  CHECK(resolve("::1") == std::vector<std::string>{"::1"});
  const auto own = resolve("localhost");
  CHECK(std::find(own.begin(), own.end(), "127.0.0.1") != own.end());
  CHECK_THROWS_WITH(resolve("no-such-host.invalid"), Catch::StartsWith("no-such-host.invalid: "));
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

TEST_CASE_METHOD(Fixture, "a broker that takes what is published and answers nothing is left, long before a ping would tell") {
  broker.start();
  const auto address = broker.address();
  tests::SlowProxy proxy(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  auto settings = broker.link_settings("n-1");
  settings.addresses = {"mqtts://localhost:" + std::to_string(proxy.port())};
  settings.keepalive = 600s;
  settings.unanswered_limit = 400ms;
  LinkOwner node(loop, settings);
  REQUIRE(node.connect());
  REQUIRE(node.settle());
  // With nothing to say it stays.
  CHECK_FALSE(node.until([&] { return !node.reasons.empty(); }, 1500ms));

  proxy.freeze();
  REQUIRE(node.link->publish(head_topic("n-1"), "1", false).has_value());
  REQUIRE(node.until([&] { return node.sessions.size() == 2; }));
  REQUIRE(node.reasons.size() == 1);
  CHECK_THAT(node.reasons[0], Catch::Contains("does not answer"));
  CHECK(node.settle());
}
