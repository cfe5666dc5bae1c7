#pragma once
#include <map>
#include <string>
#include <vector>

#include "protocol/bundle.hpp"
#include "protocol/codec.hpp"
#include "protocol/ed25519.hpp"
#include "protocol/envelope.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/messages.hpp"
#include "protocol/packet.hpp"

namespace loa::tests {

using protocol::MessageType;
using scheduler::Millis;
using scheduler::TimePoint;

/// A controller in a test: it has the root key and some working keys, and signs what the test asks for.
class TestController {
 public:
  static constexpr const char* kNode = "n-phu-bai-1";

  TestController() {
    add_key("k-1", "hue", {MessageType::head, MessageType::plan, MessageType::alert, MessageType::order,
                           MessageType::log_ack, MessageType::controller_state, MessageType::certificate});
    add_key("k-alerts", "hue", {MessageType::alert});
    add_key("k-elsewhere", "da-nang", {MessageType::plan, MessageType::head});
  }

  protocol::Bundle bundle() const {
    protocol::Bundle bundle;
    bundle.node = kNode;
    bundle.code = "HUE-PB-01";
    bundle.tls_certificate_pem = bundle.tls_key_pem = "-----BEGIN TEST-----\n";
    bundle.ca_pem = ca_pem;
    bundle.signing_key_pem = node_key.to_pem();
    bundle.brokers = {"mqtts://127.0.0.1:8883"};
    bundle.files = {"https://127.0.0.1:8443"};
    bundle.areas = areas;
    bundle.root_key = root.public_key();
    bundle.key_set = key_set();
    return bundle;
  }

  std::string key_set() const {
    return protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(keys), root);
  }
  /// A new key that the key set names from now on.
  void add_key(const std::string& kid, const std::string& branch, std::vector<MessageType> may_sign) {
    working.emplace(kid, protocol::PrivateKey::generate());
    protocol::SigningKey key;
    key.kid = kid;
    key.public_key = working.at(kid).public_key();
    key.branch = branch;
    key.may_sign = std::move(may_sign);
    key.not_before = scheduler::from_ms(0);
    key.not_after = scheduler::from_ms(4'000'000'000'000);
    keys.keys.push_back(key);
    ++keys.number;
  }
  void revoke(const std::string& kid, TimePoint when) {
    for (auto& key : keys.keys)
      if (key.kid == kid) key.revoked = when;
    ++keys.number;
  }

  std::string plan(const scheduler::Plan& plan, const std::string& kid = "k-1") const {
    return protocol::pack_plan(protocol::encode(plan), kid, working.at(kid)).value();
  }
  std::string head(const protocol::Head& head, const std::string& kid = "k-1") const {
    return protocol::sign(MessageType::head, kid, protocol::encode(head), working.at(kid));
  }
  std::string alert(const scheduler::AlertSnapshot& snapshot, const std::string& kid = "k-1") const {
    return protocol::sign(MessageType::alert, kid, protocol::encode(snapshot), working.at(kid));
  }
  std::string order(const protocol::Order& order, const std::string& kid = "k-1") const {
    return protocol::sign(MessageType::order, kid, protocol::encode(order), working.at(kid));
  }
  std::string ack(const protocol::LogAck& ack, const std::string& kid = "k-1") const {
    return protocol::sign(MessageType::log_ack, kid, protocol::encode(ack), working.at(kid));
  }

  protocol::PrivateKey root = protocol::PrivateKey::generate();
  protocol::PrivateKey node_key = protocol::PrivateKey::generate();
  std::map<std::string, protocol::PrivateKey> working;
  protocol::KeySet keys{0, scheduler::from_ms(1'700'000'000'000), {}};
  std::vector<std::string> areas{"hue", "phu-bai"};
  std::string ca_pem = "-----BEGIN TEST-----\n";
};

}  // namespace loa::tests
