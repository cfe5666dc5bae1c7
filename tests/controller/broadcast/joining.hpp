#pragma once
#include <algorithm>

#include "protocol/base64url.hpp"
#include "tests/controller/broadcast/station.hpp"

namespace loa::broadcast {

/// New keys of a board, and the request for them.
struct NewKeys {
  protocol::PrivateKey key = protocol::PrivateKey::generate();
  protocol::CertificateRequest request;

  NewKeys(const FakeNode& node, TimePoint now, const std::string& id = "q-1") {
    request.node = node.id;
    request.id = id;
    request.issued = now;
    request.csr_pem = "csr";
    request.signing_key = key.public_key();
    prove();
  }
  void prove() { request.proof = protocol::to_base64url(key.sign(protocol::proof_text(request))); }
};

/// A board that was heard and may ask for a certificate.
struct Joining : Station {
  std::string topic = protocol::certificate_topic("n-one");
  Joining() {
    start();
    say(one);
  }
  void ask(const NewKeys& wanted, const protocol::PrivateKey& by) {
    link->deliver(protocol::certificate_request_topic(wanted.request.node),
                  protocol::sign(MessageType::certificate_request, wanted.request.node, protocol::encode(wanted.request), by));
    settle();
  }
  void ask(const NewKeys& wanted) { ask(wanted, one.key); }
  std::size_t answers() { return link->sent_to(topic).size(); }
  protocol::Certificate answer() { return *protocol::decode_certificate(last(MessageType::certificate, one, topic), "n-one"); }
  /// A state of the node, signed by `by`.
  void say_with(const protocol::PrivateKey& by, bool retained = false) {
    one.say(clock.now());
    link->deliver(protocol::state_topic("n-one"), protocol::pack(MessageType::state, "n-one", protocol::encode(one.state), by), retained);
    settle();
  }
  std::vector<std::string> alarm_kinds() {
    std::vector<std::string> kinds;
    for (const auto& alarm : alarms()) kinds.push_back(std::string(store::name_of(alarm.kind)) + " " + alarm.subject);
    std::sort(kinds.begin(), kinds.end());  // of one millisecond they have no order
    return kinds;
  }
  std::string serial() {
    return store->run_sync([](store::Session& s) { return store::find_node(s, "n-one")->certificate_serial; });
  }
  std::size_t keys_known(const std::string& node = "n-one") {
    return store->run_sync([&](store::Session& s) { return store::list_node_keys(s, node).size(); });
  }
  std::vector<std::string> ended() {
    return store->run_sync([this](store::Session& s) { return store::list_ended_serials(s, clock.now()); });
  }
};

using Names = std::vector<std::string>;

}  // namespace loa::broadcast
