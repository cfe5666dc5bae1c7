#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/limits.hpp"
#include "protocol/packet.hpp"
#include "tests/protocol/samples.hpp"
#include "tests/support/places.hpp"

namespace samples = loa::protocol::samples;
using namespace loa::protocol;

namespace {

struct Signed {
  std::string name;
  MessageType type;
  std::string kid;
  std::string key;
};

const std::vector<Signed>& signed_samples() {
  static const std::vector<Signed> all{
      {"keys", MessageType::keys, std::string{kRootKid}, "root"},
      {"head", MessageType::head, samples::kKid, "controller"},
      {"plan", MessageType::plan, samples::kKid, "controller"},
      {"alert", MessageType::alert, samples::kKid, "controller"},
      {"order", MessageType::order, samples::kKid, "controller"},
      {"log-ack", MessageType::log_ack, samples::kKid, "controller"},
      {"state", MessageType::state, samples::kNode, "node"},
      {"receipt", MessageType::receipt, samples::kNode, "node"},
      {"log", MessageType::log, samples::kNode, "node"},
      {"controller-state", MessageType::controller_state, samples::kKid, "controller"},
      {"certificate-request", MessageType::certificate_request, samples::kNode, "node"},
      {"certificate", MessageType::certificate, samples::kKid, "controller"},
  };
  return all;
}

std::string json_named(const std::string& name) {
  for (const auto& message : samples::all_messages()) {
    if (message.name == name) return message.json;
  }
  throw std::logic_error("no sample " + name);
}

std::string sign_sample(const Signed& sample) {
  const auto key = samples::test_key(sample.key);
  const std::string json = json_named(sample.name);
  return sample.type == MessageType::plan ? pack_plan(json, sample.kid, key).value()
                                          : pack(sample.type, sample.kid, json, key);
}

/// With LOA_UPDATE_GOLDEN set the files are written anew; the change is then looked at like any other.
bool update(const std::string& name, const std::string& content) {
  if (!std::getenv("LOA_UPDATE_GOLDEN")) return false;
  std::ofstream{loa::tests::source_folder() / "tests/golden" / name, std::ios::binary} << content;
  return true;
}

}  // namespace

TEST_CASE("what is written equals the golden sample, byte for byte") {
  for (const auto& message : samples::all_messages()) {
    INFO(message.name);
    if (update(message.name + ".json", message.json)) continue;
    CHECK(message.json == samples::golden(message.name + ".json"));
  }
}

TEST_CASE("a golden sample that is read and written again is the same, byte for byte") {
  for (const auto& message : samples::all_messages()) {
    INFO(message.name);
    const std::string json = samples::golden(message.name + ".json");
    const auto again = message.rewrite(json);
    REQUIRE(again.has_value());
    CHECK(*again == json);
  }
}

TEST_CASE("a golden sample reads as the value that it was written from") {
  CHECK(decode_keys(samples::golden("keys.json")).value() == samples::keys());
  CHECK(decode_head(samples::golden("head.json")).value() == samples::head());
  CHECK(decode_plan(samples::golden("plan.json")).value() == samples::plan());
  CHECK(decode_alert(samples::golden("alert.json")).value() == samples::alert());
  CHECK(decode_order(samples::golden("order.json")).value() == samples::order());
  CHECK(decode_log_ack(samples::golden("log-ack.json")).value() == samples::log_ack());
  CHECK(decode_state(samples::golden("state.json")).value() == samples::state());
  CHECK(decode_receipt(samples::golden("receipt.json")).value() == samples::receipt());
  CHECK(decode_log(samples::golden("log.json")).value() == samples::log());
  CHECK(decode_controller_state(samples::golden("controller-state.json")).value() ==
        samples::controller_state());
  CHECK(decode_certificate_request(samples::golden("certificate-request.json")).value() ==
        samples::certificate_request());
  CHECK(decode_certificate(samples::golden("certificate.json")).value() == samples::certificate());
  CHECK(decode_bundle(samples::golden("bundle.json")).value() == samples::bundle());
}

TEST_CASE("signing a golden sample gives the golden envelope") {
  for (const Signed& sample : signed_samples()) {
    INFO(sample.name);
    const std::string jws = sign_sample(sample);
    if (update(sample.name + ".jws", jws)) continue;
    // Another zlib may deflate to other bytes; what such an envelope holds is tested below.
    if (!is_deflated(sample.type)) CHECK(jws == samples::golden(sample.name + ".jws"));
  }
}

TEST_CASE("the golden envelopes are taken by the side that they are meant for") {
  KeyRing ring{samples::test_key("root").public_key()};
  REQUIRE(ring.take(samples::golden("keys.jws")).has_value());
  for (const Signed& sample : signed_samples()) {
    INFO(sample.name);
    const std::string jws = samples::golden(sample.name + ".jws");
    if (sample.type == MessageType::keys) continue;
    const auto verified = sample.key == "node" ? verify_from_node(jws, sample.type, samples::kNode,
                                                                  samples::test_key("node").public_key())
                                               : ring.verify(jws, sample.type, samples::kChain);
    REQUIRE(verified.has_value());
    CHECK(verified->payload == samples::golden(sample.name + ".json"));
    CHECK(verified->kid == sample.kid);
  }
}
