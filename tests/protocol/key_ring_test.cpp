#include "protocol/key_ring.hpp"

#include <catch2/catch.hpp>

#include "protocol/authorities.hpp"
#include "protocol/base64url.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/packet.hpp"
#include "tests/protocol/samples.hpp"

namespace samples = loa::protocol::samples;
namespace scheduler = loa::scheduler;
using namespace loa::protocol;
using namespace std::chrono_literals;
using Chain = std::vector<std::string>;

namespace {

std::string sign_keys(const KeySet& set, const std::string& key = "root", std::string_view kid = kRootKid) {
  return sign(MessageType::keys, kid, encode(set), samples::test_key(key));
}

KeyRing ring_with(const KeySet& set) {
  KeyRing ring{samples::test_key("root").public_key()};
  REQUIRE(ring.take(sign_keys(set)).has_value());
  return ring;
}

template <class T>
std::string verdict(const Result<T>& result) {
  if (result) return "taken";
  return std::string{name_of(result.error().code)} + " at " + result.error().where + ": " +
         result.error().message;
}

std::string sign_plan(const scheduler::Plan& plan, const std::string& kid = samples::kKid) {
  return pack_plan(encode(plan), kid, samples::test_key("controller")).value();
}

std::string sign_alert(const scheduler::AlertSnapshot& snapshot) {
  return sign(MessageType::alert, samples::kKid, encode(snapshot), samples::test_key("controller"));
}

}  // namespace

TEST_CASE("a plan counts only from a key with every right to it") {
  struct Row {
    std::string name;
    void (*change)(KeySet& set, scheduler::Plan& plan, Chain& held, std::string& kid);
    std::string expected;
  };
  const std::vector<Row> rows{
      {"a good plan", [](auto&, auto&, auto&, auto&) {}, "taken"},
      {"an unknown key", [](auto&, auto&, auto&, auto& kid) { kid = "hue-2027-1"; },
       "unknown_key at header/kid: no key hue-2027-1 is known"},
      {"the root key's name", [](auto&, auto&, auto&, auto& kid) { kid = "root"; },
       "unknown_key at header/kid: no key root is known"},
      {"a revoked key", [](auto&, auto&, auto&, auto& kid) { kid = "hue-2025-1"; },
       "revoked_key at header/kid: the key hue-2025-1 is revoked"},
      {"a key that may not sign plans", [](auto&, auto&, auto&, auto& kid) { kid = "hue-bulletin"; },
       "key_not_allowed at header/kid: the key hue-bulletin may not sign loa-plan"},
      {"a key for another area", [](auto& set, auto&, auto&, auto&) { set.keys[0].branch = "hue-20000"; },
       "key_not_allowed at header/kid: the key hue-2026-1 is for hue-20000, the node is not under it"},
      {"a key for the commune alone",
       [](auto& set, auto&, auto&, auto&) { set.keys[0].branch = "hue-19753"; }, "taken"},
      {"a commune's key that moves a node out",
       [](auto& set, auto& plan, auto&, auto&) {
         set.keys[0].branch = "hue-19753";
         plan.areas = {"hue", "hue-20000"};
       },
       "key_not_allowed at header/kid: the key hue-2026-1 is for hue-19753, the message is not under it"},
      {"a commune's key that moves a node in",
       [](auto& set, auto&, auto& held, auto&) {
         set.keys[0].branch = "hue-19753";
         held = {"hue", "hue-20000"};
       },
       "key_not_allowed at header/kid: the key hue-2026-1 is for hue-19753, the node is not under it"},
      {"a commune's key that puts the node under another province",
       [](auto& set, auto& plan, auto&, auto&) {
         set.keys[0].branch = "hue-19753";
         plan.areas = {"da-nang", "hue-19753"};
       },
       "key_not_allowed at header/kid: the key hue-2026-1 is for hue-19753, the message moves what is above it"},
      {"a commune's key that puts its commune below another",
       [](auto& set, auto& plan, auto&, auto&) {
         set.keys[0].branch = "hue-19753";
         plan.areas = {"hue", "hue-20000", "hue-19753"};
       },
       "key_not_allowed at header/kid: the key hue-2026-1 is for hue-19753, the message moves what is above it"},
      {"a commune's key that makes its commune the topmost area",
       [](auto& set, auto& plan, auto&, auto&) {
         set.keys[0].branch = "hue-19753";
         plan.areas = {"hue-19753"};
       },
       "key_not_allowed at header/kid: the key hue-2026-1 is for hue-19753, the message moves what is above it"},
      {"a commune's key that moves the node to a zone below it",
       [](auto& set, auto& plan, auto&, auto&) {
         set.keys[0].branch = "hue-19753";
         plan.areas = {"hue", "hue-19753", "hue-19753-2"};
       },
       "taken"},
      {"the province's key that moves a node",
       [](auto&, auto& plan, auto&, auto&) {
         plan.areas = {"hue", "hue-20000"};
       },
       "taken"},
      {"signed a moment before the key's dates",
       [](auto& set, auto& plan, auto&, auto&) { set.keys[0].not_before = plan.made + 1ms; },
       "key_dates at /iat: signed at 1795557600000, the key hue-2026-1 signs from 1795557600001 to "
       "1827093600000"},
      {"signed at the first moment of the key's dates",
       [](auto& set, auto& plan, auto&, auto&) { set.keys[0].not_before = plan.made; }, "taken"},
      {"signed at the last moment of the key's dates, playing long after",
       [](auto& set, auto& plan, auto&, auto&) { set.keys[0].not_after = plan.made; }, "taken"},
      {"signed a moment after the key's dates",
       [](auto& set, auto& plan, auto&, auto&) { set.keys[0].not_after = plan.made - 1ms; },
       "key_dates at /iat: signed at 1795557600000, the key hue-2026-1 signs from 1795471200000 to "
       "1795557599999"},
      {"a signature by another key under this name",
       [](auto& set, auto&, auto&, auto&) {
         set.keys[0].public_key = samples::test_key("node").public_key();
       },
       "bad_signature at signature: the signature is not by the key hue-2026-1"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    KeySet set = samples::keys();
    scheduler::Plan plan = samples::plan();
    Chain held = samples::kChain;
    std::string kid = samples::kKid;
    row.change(set, plan, held, kid);
    CHECK(verdict(ring_with(set).verify(sign_plan(plan, kid), MessageType::plan, held)) == row.expected);
  }
}

TEST_CASE("an alert counts only from a key at or above its area") {
  KeySet set = samples::keys();
  auto snapshot = samples::alert();
  CHECK(verdict(ring_with(set).verify(sign_alert(snapshot), MessageType::alert, samples::kChain)) == "taken");

  CHECK(verdict(ring_with(set).verify(sign_alert(snapshot), MessageType::alert, {"hue", "hue-20000"})) ==
        "wrong_area at /aud: the node is not under the area hue-19753");

  set.keys[0].branch = "hue-19753";
  CHECK(verdict(ring_with(set).verify(sign_alert(snapshot), MessageType::alert, samples::kChain)) == "taken");

  snapshot.area = snapshot.alerts[0].area = "hue";
  CHECK(verdict(ring_with(set).verify(sign_alert(snapshot), MessageType::alert, samples::kChain)) ==
        "key_not_allowed at header/kid: the key hue-2026-1 is for hue-19753, the message is not under it");
}

TEST_CASE("heads, orders, acknowledgements and the controller's state are held to the same rules") {
  const KeyRing ring = ring_with(samples::keys());
  struct Row {
    MessageType type;
    std::string json;
  };
  const std::vector<Row> rows{{MessageType::head, encode(samples::head())},
                              {MessageType::order, encode(samples::order())},
                              {MessageType::log_ack, encode(samples::log_ack())},
                              {MessageType::controller_state, encode(samples::controller_state())},
                              {MessageType::certificate, encode(samples::certificate())}};
  for (const Row& row : rows) {
    INFO(name_of(row.type));
    const std::string jws = sign(row.type, samples::kKid, row.json, samples::test_key("controller"));
    CHECK(verdict(ring.verify(jws, row.type, samples::kChain)) == "taken");
    CHECK(verdict(ring.verify(jws, row.type, {"danang"})) ==
          "key_not_allowed at header/kid: the key hue-2026-1 is for hue, the node is not under it");
  }
}

TEST_CASE("nothing counts before the first key set") {
  const KeyRing ring{samples::test_key("root").public_key()};
  CHECK(ring.number() == 0);
  CHECK(verdict(ring.verify(samples::golden("plan.jws"), MessageType::plan, samples::kChain)) ==
        "unknown_key at header/kid: no key hue-2026-1 is known");
}

TEST_CASE("a signed plan that inflates to a lie is refused, and says what is wrong") {
  const KeyRing ring = ring_with(samples::keys());
  const auto verify = [&](const std::string& payload) {
    return verdict(
        ring.verify(sign(MessageType::plan, samples::kKid, payload, samples::test_key("controller")),
                    MessageType::plan, samples::kChain));
  };
  CHECK(verify(deflate(std::string(20'000'000, ' '))) ==
        "too_large at payload: the payload inflates to more than 4194304 bytes");
  CHECK(verify("{}") == "malformed at payload: the payload is not one whole zlib stream");
  CHECK(verify(deflate("{}")) == "malformed at /v: the field is missing");
  CHECK(verify(deflate(R"({"v":2})")) == "format_unknown at /v: format 2 is not known here, 1 is");
}

TEST_CASE("a key set is taken only when the root signed it and its number is higher") {
  KeyRing ring = ring_with(samples::keys());
  KeySet next = samples::keys();

  CHECK(verdict(ring.take(sign_keys(next))) == "taken");
  next.issued += 1s;
  CHECK(verdict(ring.take(sign_keys(next))) ==
        "old_revision at /rev: key set 7 is not above 7, which is held");
  next.number = 6;
  CHECK(verdict(ring.take(sign_keys(next))) ==
        "old_revision at /rev: key set 6 is not above 7, which is held");
  next.number = 8;
  CHECK(verdict(ring.take(sign_keys(next, "controller"))) ==
        "bad_signature at signature: the key set is not signed by the root key of this node");
  CHECK(verdict(ring.take(sign_keys(next, "controller", samples::kKid))) ==
        "key_not_allowed at header/kid: key sets are signed by the root key alone");
  CHECK(verdict(ring.take(samples::golden("head.jws"))) ==
        "wrong_type at header/typ: the topic takes loa-keys, this is loa-head");
  CHECK(ring.number() == 7);
  CHECK(verdict(ring.take(sign_keys(next))) == "taken");
  CHECK(ring.number() == 8);
}

TEST_CASE("a key that a newer set revokes or drops counts no longer") {
  KeyRing ring = ring_with(samples::keys());
  CHECK(ring.counts(samples::kKid));
  CHECK_FALSE(ring.counts("hue-2025-1"));
  CHECK_FALSE(ring.counts("hue-2027-1"));

  KeySet next = samples::keys();
  next.number = 8;
  next.keys[0].revoked = samples::now();
  REQUIRE(ring.take(sign_keys(next)).has_value());
  CHECK_FALSE(ring.counts(samples::kKid));
  CHECK(verdict(ring.verify(samples::golden("plan.jws"), MessageType::plan, samples::kChain)) ==
        "revoked_key at header/kid: the key hue-2026-1 is revoked");

  next.number = 9;
  next.keys.erase(next.keys.begin());
  REQUIRE(ring.take(sign_keys(next)).has_value());
  CHECK_FALSE(ring.counts(samples::kKid));
}

TEST_CASE("the controller takes what a node says only from that node") {
  const PublicKey key = samples::test_key("node").public_key();
  const std::string state = samples::golden("state.jws");
  const std::string other_node = "n-other";
  struct Row {
    std::string name;
    Result<Verified> result;
    std::string expected;
  };
  const std::vector<Row> rows{
      {"a state", verify_from_node(state, MessageType::state, samples::kNode, key), "taken"},
      {"a log", verify_from_node(samples::golden("log.jws"), MessageType::log, samples::kNode, key), "taken"},
      {"a state on another node's topic", verify_from_node(state, MessageType::state, other_node, key),
       "unknown_key at header/kid: " + samples::kNode + " signed a message of n-other"},
      {"a state signed by another key",
       verify_from_node(state, MessageType::state, samples::kNode,
                        samples::test_key("controller").public_key()),
       "bad_signature at signature: the signature is not by the node " + samples::kNode},
      {"a log batch signed by another key",
       verify_from_node(samples::golden("log.jws"), MessageType::log, samples::kNode,
                        samples::test_key("controller").public_key()),
       "bad_signature at signature: the signature is not by the node " + samples::kNode},
      {"a state where a log should be", verify_from_node(state, MessageType::log, samples::kNode, key),
       "wrong_type at header/typ: the topic takes loa-log, this is loa-state"},
      {"a state that speaks of another node",
       verify_from_node(
           pack(MessageType::state, other_node, encode(samples::state()), samples::test_key("node")),
           MessageType::state, other_node, key),
       "wrong_audience at /node: \"" + samples::kNode + "\" is not n-other"},
      {"a state that inflates to a lie",
       verify_from_node(sign(MessageType::state, samples::kNode, deflate(std::string(1'000'000, ' ')), samples::test_key("node")), MessageType::state,
                        samples::kNode, key),
       "too_large at payload: the payload inflates to more than 65536 bytes"},
      {"a state that was not deflated",
       verify_from_node(sign(MessageType::state, samples::kNode, encode(samples::state()), samples::test_key("node")), MessageType::state, samples::kNode,
                        key),
       "malformed at payload: the payload is not one whole zlib stream"},
      {"a plan", verify_from_node(samples::golden("plan.jws"), MessageType::plan, samples::kNode, key),
       "key_not_allowed at header/typ: nodes sign states, receipts, logs and requests for certificates"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(verdict(row.result) == row.expected);
  }
}

TEST_CASE("a key set may list the authorities that nodes trust, and one that does not is read as ever") {
  KeyRing ring{samples::test_key("root").public_key()};
  KeySet set = samples::keys();
  set.authorities.reset();
  CHECK(encode(set).find("authorities") == std::string::npos);
  REQUIRE(ring.take(sign_keys(set)).has_value());
  CHECK(ring.authorities().empty());

  set = samples::keys();
  set.number = 8;
  REQUIRE(ring.take(sign_keys(set)).has_value());
  CHECK(ring.authorities().find("-----BEGIN CERTIFICATE-----\n") == 0);
  CHECK(authority_text(ring.authorities()).value() == set.authorities->front());

  const std::string authority = set.authorities->front();
  struct Row {
    std::string name;
    std::vector<std::string> authorities;
    std::string expected;
  };
  const std::string other_der = to_base64url(from_base64url(authority).value() + "x");
  const std::vector<Row> rows{
      {"none, but the field", {}, "malformed at /authorities: 0 elements where 1 are needed"},
      {"five", {5, authority}, "too_large at /authorities: 5 elements where 4 are the most"},
      {"no certificate", {authority, "AAAA"}, "malformed at /authorities/1: not one certificate in DER"},
      {"a certificate and more", {other_der}, "malformed at /authorities/0: not one certificate in DER"},
      {"padding", {"AAA="}, "malformed at /authorities/0: \"AAA=\" is not base64url without padding"},
      {"too long a text", {std::string(4097, 'A')}, "too_large at /authorities/0: 4097 bytes where 4096 are the most"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    // Written by hand: encode() would not write what no reader takes.
    std::string json = encode(samples::keys());
    json.replace(json.find("\"rev\":7"), 7, "\"rev\":9");
    const auto at = json.find(",\"authorities\":[");
    std::string list;
    for (const auto& one : row.authorities) list += (list.empty() ? "\"" : ",\"") + one + "\"";
    json = json.substr(0, at) + ",\"authorities\":[" + list + "]}";
    const auto said = verdict(ring.take(sign(MessageType::keys, kRootKid, json, samples::test_key("root"))));
    CHECK(said == row.expected);
    CHECK(ring.number() == 8);
    CHECK(authority_text(ring.authorities()).value() == authority);
  }
}
