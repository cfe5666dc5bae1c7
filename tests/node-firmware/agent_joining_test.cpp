#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "controller/authority/certificates.hpp"
#include "node-firmware/own_certificate.hpp"
#include "protocol/authorities.hpp"
#include "test_node.hpp"

using namespace loa;
using namespace loa::tests;
using protocol::MessageType;

namespace {

const scheduler::TimePoint kNow = scheduler::from_ms(1'790'000'000'000);

/// A node with a bundle of a real authority.
struct JoiningNode : TestNode {
  authority::CertificateAuthority authority = authority::CertificateAuthority::open_or_create(folder / "ca", kNow);
  JoiningNode() {
    controller.ca_pem = authority.certificate_pem();
    certificate_age = 24 * 24h;
    boot();
  }
  std::vector<std::string> requests() { return link().sent_to(protocol::certificate_request_topic(TestController::kNode)); }
  protocol::CertificateRequest request(const protocol::PublicKey& by) {
    return *protocol::decode_certificate_request(
        protocol::open(requests().back(), MessageType::certificate_request, by).value());
  }
  void answer(const protocol::CertificateRequest& request, const std::string& kid = "k-1") {
    const auto issued = authority.issue_for_request(request.csr_pem, request.node, now());
    const protocol::Certificate certificate{request.node, now(), request.id, issued.certificate_pem, request.signing_key, controller.areas};
    time.pass(2ms);
    deliver(protocol::certificate_topic(TestController::kNode),
            protocol::sign(MessageType::certificate, kid, protocol::encode(certificate), controller.working.at(kid)));
  }
  void pass_days(int days) {
    for (int day = 0; day < days; ++day) {
      pass(24h);
      link().acknowledge();
    }
  }
  bool said_by(const protocol::PublicKey& key) {
    return protocol::open(link().sent_to(protocol::state_topic(TestController::kNode)).back(), MessageType::state, key).has_value();
  }
  /// A head that answers the last state, by whichever key that was signed.
  void send_head_to(const protocol::PublicKey& key) {
    const auto payload = protocol::open(link().sent_to(protocol::state_topic(TestController::kNode)).back(), MessageType::state, key);
    protocol::Head head;
    head.node = TestController::kNode;
    head.nonce = protocol::decode_state(payload.value())->nonce;
    time.pass(2ms);
    head.issued = now();
    head.key_set = controller.keys.number;
    for (const auto& area : controller.areas) head.areas.push_back({area, 0});
    deliver(protocol::head_topic(TestController::kNode), controller.head(head));
  }
};

}  // namespace

TEST_CASE("a board whose bundle the broker refuses shows the controller its request another way, once a day") {
  JoiningNode node;
  const auto fail = [&](const char* reason) {
    node.link().fail(reason);
    node.run->agent.tick();
  };
  fail("mqtts://broker: connection refused");
  CHECK(node.run->refused.empty());
  fail("mqtts://broker: TLS alert from the broker: certificate revoked");
  REQUIRE(node.run->refused.size() == 1);
  const auto shown = protocol::open(node.run->refused[0], MessageType::certificate_request, node.controller.node_key.public_key());
  CHECK(protocol::decode_certificate_request(shown.value())->node == TestController::kNode);
  fail("mqtts://broker: TLS alert from the broker: certificate revoked");
  CHECK(node.run->refused.size() == 1);
  node.pass(25h);
  fail("mqtts://broker: TLS alert from the broker: certificate revoked");
  CHECK(node.run->refused.size() == 2);
}

TEST_CASE("a board asks at its first connect, goes on with its own keys, and asks no more") {
  JoiningNode node;
  const auto bundled = node.controller.node_key.public_key();
  node.connect();
  REQUIRE(node.requests().size() == 1);
  CHECK(node.said_by(bundled));
  const auto request = node.request(bundled);
  CHECK(node.link().filters.contains(protocol::certificate_topic(TestController::kNode)));

  SECTION("it asks again with the same request: after a while, in each session, and after a restart") {
    node.send_head_to(bundled);
    node.pass(14s);
    CHECK(node.requests().size() == 1);
    node.pass(2s);
    REQUIRE(node.requests().size() == 2);
    CHECK(node.request(bundled).id == request.id);
    node.boot();
    node.connect();
    REQUIRE(node.requests().size() == 1);
    CHECK(node.request(bundled).id == request.id);
    CHECK(node.request(bundled).signing_key == request.signing_key);
  }
  SECTION("an answer by a key that may not sign it is refused") {
    node.answer(request, "k-alerts");
    CHECK(node.link().renewals == 0);
    CHECK(node.receipts().back().code == "key_not_allowed");
  }
  SECTION("the answer begins a session with the new keys, whose head ends the old ones") {
    node.answer(request);
    CHECK(node.receipts().back().accepted);
    CHECK(node.link().renewals == 1);
    node.connect();
    REQUIRE(node.link().credentials);
    CHECK(node.link().credentials->certificate_pem != node.controller.bundle().tls_certificate_pem);
    CHECK(node.said_by(request.signing_key));
    CHECK(protocol::open(node.link().will->payload, MessageType::state, request.signing_key).has_value());
    CHECK(std::filesystem::exists(node.folder / "state/coming-keys.json"));
    node.send_head_to(request.signing_key);
    CHECK(std::filesystem::exists(node.folder / "state/own-keys.json"));
    CHECK_FALSE(std::filesystem::exists(node.folder / "state/coming-keys.json"));
    node.pass(24h);
    CHECK(node.requests().size() == 1);

    SECTION("to a controller that does not know them it shows the certificate that it was given, before its state") {
      node.boot();
      node.connect();
      CHECK(node.requests().empty());
      node.pass(4s);  // no head comes: the session is begun anew
      REQUIRE(node.link().renewals == 1);
      node.connect();
      REQUIRE(node.requests().size() == 1);
      CHECK(protocol::open(node.requests()[0], MessageType::certificate, node.controller.working.at("k-1").public_key()).has_value());
      const auto& sent = node.link().sent;
      const auto at = [&](const std::string& topic) {
        return std::find_if(sent.rbegin(), sent.rend(), [&](const auto& one) { return one.topic == topic; }).base() - sent.begin();
      };
      CHECK(at(protocol::certificate_request_topic(TestController::kNode)) < at(protocol::state_topic(TestController::kNode)));
    }
    SECTION("after a restart it speaks with them at once") {
      node.boot();
      node.connect();
      CHECK(node.said_by(request.signing_key));
      CHECK(node.requests().empty());
    }
    SECTION("when they are old it renews them, signed with the ones that it has") {
      node.send_head_to(request.signing_key);
      node.pass_days(23);
      CHECK(node.requests().size() == 1);
      node.pass_days(4);
      REQUIRE(node.requests().size() >= 2);
      const auto renewal = node.request(request.signing_key);
      CHECK(renewal.id != request.id);
      node.answer(renewal);
      node.connect();
      CHECK(node.said_by(renewal.signing_key));
      node.send_head_to(renewal.signing_key);
      node.boot();
      node.connect();
      CHECK(node.said_by(renewal.signing_key));
    }
  }
}

TEST_CASE("a key set whose first authority is another makes the node ask for a certificate by that one, once") {
  JoiningNode node;
  node.connect();
  const auto first = node.request(node.controller.node_key.public_key());
  node.answer(first);
  node.connect();
  node.send_head_to(first.signing_key);
  REQUIRE(node.requests().size() == 1);
  const auto next = authority::CertificateAuthority::make_next(node.folder / "ca", node.now());
  const std::vector<std::string> both{protocol::authority_text(next).value(), protocol::authority_text(node.authority.certificate_pem()).value()};
  const auto publish = [&](std::vector<std::string> authorities) {
    node.controller.keys.authorities = std::move(authorities);
    ++node.controller.keys.number;
    node.deliver(protocol::keys_topic(), node.controller.key_set());
    node.pass(2s);
  };
  SECTION("listed first, it is asked") {
    publish(both);
    REQUIRE(node.requests().size() == 2);
    const auto second = node.request(first.signing_key);
    REQUIRE(node.authority.follow(both));
    node.answer(second);
    node.connect();
    CHECK_FALSE(node::check_own_certificate(node.link().credentials->certificate_pem, node.run->keys.speaking().tls_key_pem, next, TestController::kNode));
    CHECK(node.link().ca_pem == next + node.authority.server_issuer_pem());
    node.send_head_to(second.signing_key);
    publish({both[0]});
    CHECK(node.requests().size() == 2);
  }
  SECTION("a controller that answers with a certificate by the old one is not asked for ever") {
    publish(both);
    const auto second = node.request(first.signing_key);
    node.answer(second);
    node.connect();
    node.send_head_to(second.signing_key);
    node.pass_days(2);
    CHECK(node.requests().size() == 2);
  }
  SECTION("one that is listed alone and made the certificate is none to ask for") {
    publish({both[1]});
    CHECK(node.requests().size() == 1);
  }
}
