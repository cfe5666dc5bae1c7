#include <algorithm>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <set>

#include "controller/authority/certificates.hpp"
#include "node-firmware/own_certificate.hpp"
#include "tests/system/board.hpp"

using namespace loa;
using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

/// A place in the ward with a board that has not been started.
struct Joining : Village {
  const std::string code = "PX-01";
  Joining() { add_node(code, kWard); }

  bool has_own_keys() { return !own_keys_of(*this, code).is_null(); }
  /// Joined whole: it has keys of its own, nothing is coming any more, the bundle's certificate is barred, and the node is ready.
  bool joined(std::chrono::milliseconds limit = 30s) {
    return eventually(limit, [this] { return has_own_keys() && is_on_live_crl(*this, bundle_of(*this, code).tls_certificate_pem); }) &&
           nodes_ready(limit) && !fs::exists(node_folder(code) / "state/coming-keys.json");
  }
  /// Open alarms of a kind.
  std::size_t alarms(const std::string& kind) {
    std::size_t found = 0;
    const auto page = admin().get("/alarms?state=open&limit=200");
    for (const auto& alarm : page.at("items").as_array()) found += text(alarm, "kind") == kind ? 1 : 0;
    return found;
  }
};

}  // namespace

TEST_CASE_METHOD(Joining, "a board joins with its bundle, makes its own keys, and the bundle's are worth nothing any more") {
  start_node(code);
  INFO(last_words());
  REQUIRE(joined());
  CHECK(alarms("bundle_used_twice") == 0);
  const auto bundle = bundle_of(*this, code);
  const auto own = own_keys_of(*this, code);
  CHECK(own.at("certificate_pem").as_string() != bundle.tls_certificate_pem);
  for (const char* file : {"state/own-keys.json", "state/bundle.json"}) {
    CAPTURE(file);
    CHECK((fs::status(node_folder(code) / file).permissions() & fs::perms::mask) == (fs::perms::owner_read | fs::perms::owner_write));
  }

  // After a restart it speaks with its own keys at once.
  node(code).kill();
  start_node(code);
  REQUIRE(nodes_ready());
  CHECK(node(code).err().find("asked for a certificate") == node(code).err().rfind("asked for a certificate"));

  // Who copied the bundle gets no session.
  Impostor thief(*this, bundle);
  thief.link.start();
  thief.link.until([&] { return thief.link.reasons.size() >= 2 || !thief.link.sessions.empty(); });
  CHECK(thief.link.sessions.empty());
  REQUIRE_FALSE(thief.link.reasons.empty());
  // A connection that is reset before its alert was read tells nothing; one of the next is told.
  CHECK(thief.link.until([&] {
    const auto& reasons = thief.link.reasons;
    return std::any_of(reasons.begin(), reasons.end(), [](const auto& reason) { return reason.find("revoked") != std::string::npos; });
  }));
}

TEST_CASE("a board that is killed at any step of joining ends with its own keys", "[long]") {
  for (const std::string step : {"making keys of its own", "asked for a certificate", "its own certificate came", "own-keys.json"}) {
    INFO("killed at: " << step);
    Joining village;
    village.start_node(village.code);
    if (step == "own-keys.json")
      REQUIRE(eventually(20s, [&] { return village.has_own_keys(); }));
    else
      REQUIRE(village.node(village.code).wait_for_line(step, 20s));
    village.node(village.code).kill();
    village.start_node(village.code);
    INFO(village.last_words());
    CHECK(village.joined());
    CHECK(village.alarms("bundle_used_twice") == 0);
    CHECK(village.alarms("node_signature") == 0);
  }
}

TEST_CASE("a controller or broker that is killed while a board joins goes on where it was", "[long]") {
  for (const std::string step : {"gets keys of its own", "speaks with its new keys", "broker"}) {
    INFO("killed at: " << step);
    Joining village;
    village.start_node(village.code);
    if (step == "broker") {
      REQUIRE(village.node(village.code).wait_for_line("asked for a certificate", 20s));
      village.broker().kill();
      village.start_broker();
    } else {
      REQUIRE(village.controller().wait_for_line(step, 20s));
      village.controller().kill();
      village.start_controller();
      REQUIRE(eventually(20s, [&] {
        try {
          village.admin().sign_in();
          return true;
        } catch (const std::exception&) {
          return false;
        }
      }));
    }
    INFO(village.last_words());
    CHECK(village.joined(60s));
    CHECK(village.alarms("bundle_used_twice") == 0);
  }
}

TEST_CASE_METHOD(Joining, "a second board with the same bundle is refused, and an alarm says so") {
  const auto bundle = bundle_of(*this, code);
  Impostor thief(*this, bundle);
  const auto tls_key = node::make_tls_key();
  const auto next = protocol::PrivateKey::generate();
  const auto ask = thief.request(node::make_csr(tls_key, bundle.node), next);
  const auto answered = [&] {
    for (const auto& message : thief.link.messages)
      if (message.topic == protocol::certificate_topic(bundle.node)) return true;
    return false;
  };

  SECTION("the copy comes first and gets keys: the board's own request is the second use") {
    REQUIRE(thief.link.connect());
    REQUIRE(eventually(20s, [&] {
      thief.link.link->subscribe(protocol::certificate_topic(bundle.node));
      thief.link.publish(protocol::certificate_request_topic(bundle.node), ask);
      return thief.link.until(answered, 500ms);
    }));
    start_node(code);
    INFO(last_words());
    CHECK(eventually(20s, [this] { return alarms("bundle_used_twice") == 1; }));
    CHECK_FALSE(has_own_keys());
  }
  SECTION("the copy joins whole, and the board comes after: it tells the controller past the broker") {
    equip("PX-02", bundle.node, whole_file(node_folder(code) / "bundle.json"));
    start_node("PX-02");  // the copy, on another board
    REQUIRE(eventually(30s, [&] { return !own_keys_of(*this, "PX-02").is_null() && is_on_live_crl(*this, bundle.tls_certificate_pem); }));
    CHECK(alarms("bundle_used_twice") == 0);
    start_node(code);
    INFO(last_words());
    CHECK(node(code).wait_for_line("loa node replace PX-01", 20s));
    CHECK(eventually(20s, [this] { return alarms("bundle_used_twice") == 1; }));
    CHECK_FALSE(has_own_keys());
  }
  SECTION("the copy comes after the board has joined, before the broker knows it") {
    start_node(code);
    REQUIRE(joined());
    // A CRL without the revocation stands for a broker that does not know it yet.
    node(code).stop();
    const auto now = protocol::SystemClock().now();
    fs::create_directories(folder() / "forgetful");
    for (const char* file : {"ca.pem", "ca.key"}) fs::copy_file(folder() / "controller/authority" / file, folder() / "forgetful" / file);
    std::ofstream(folder() / "live/crl.pem", std::ios::trunc) << authority::CertificateAuthority::open_or_create(folder() / "forgetful", now).make_crl(now);
    broker().kill();
    start_broker();
    REQUIRE(thief.link.connect());
    thief.link.link->subscribe(protocol::certificate_topic(bundle.node));
    REQUIRE(thief.link.publish(protocol::certificate_request_topic(bundle.node), ask));
    INFO(last_words());
    CHECK(eventually(20s, [&] {
      thief.link.publish(protocol::certificate_request_topic(bundle.node), ask);
      return alarms("bundle_used_twice") == 1;
    }));
    CHECK_FALSE(answered());
  }
}

TEST_CASE_METHOD(Joining, "a board renews its keys by itself, and the ones before are worth nothing") {
  const auto bundle = whole_file(node_folder(code) / "bundle.json");
  equip(code, node_id(code), bundle, "[times]\ncertificate_age = \"5s\"\n");
  start_node(code);
  REQUIRE(eventually(30s, [this] { return has_own_keys(); }));
  const auto first = own_keys_of(*this, code);
  INFO(last_words());
  REQUIRE(eventually(40s, [&] { return own_keys_of(*this, code).at("certificate_pem") != first.at("certificate_pem"); }));
  CHECK(own_keys_of(*this, code).at("signing_key_pem") != first.at("signing_key_pem"));
  CHECK(eventually(15s, [&] { return is_on_live_crl(*this, std::string(first.at("certificate_pem").as_string())); }));
  CHECK(nodes_ready());
  CHECK(alarms("bundle_used_twice") == 0);
  CHECK(alarms("node_signature") == 0);
}
