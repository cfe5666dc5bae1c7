#include "protocol/key_ring.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/authorities.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/json_document.hpp"
#include "protocol/limits.hpp"
#include "protocol/packet.hpp"

namespace loa::protocol {
namespace {

using Chain = std::vector<std::string>;

/// What the rights of a key are held against.
struct Claim {
  TimePoint issued;
  Chain areas;  ///< the chain that the message names, the province first
};

Chain names_of(const std::vector<AreaHead>& areas) {
  Chain names;
  for (const AreaHead& area : areas) names.push_back(area.area);
  return names;
}

/// The part of `chain` from its top down to `area`; empty where the area is not in it.
Chain down_to(const Chain& chain, const std::string& area) {
  const auto found = std::find(chain.begin(), chain.end(), area);
  return found == chain.end() ? Chain{} : Chain{chain.begin(), found + 1};
}

Result<Claim> claim_of_alert(std::string_view json, const Chain& held) {
  const auto snapshot = decode_alert(json);
  if (!snapshot) return snapshot.error();
  Claim claim{snapshot->issued, down_to(held, snapshot->area)};
  if (!claim.areas.empty()) return claim;
  return Refusal{RefusalCode::wrong_area, "/aud", "the node is not under the area " + snapshot->area};
}

template <class T>
Result<Claim> claim_of(Result<T> message, TimePoint T::*issued, Chain T::*areas) {
  if (!message) return message.error();
  return Claim{(*message).*issued, (*message).*areas};
}

/// Reads the whole message, so that rights are never judged on what the codec would refuse.
Result<Claim> read_claim(MessageType type, std::string_view json, const Chain& held) {
  switch (type) {
    case MessageType::head: {
      const auto head = decode_head(json);
      if (!head) return head.error();
      return Claim{head->issued, names_of(head->areas)};
    }
    case MessageType::plan:
      return claim_of(decode_plan(json), &scheduler::Plan::made, &scheduler::Plan::areas);
    case MessageType::order:
      return claim_of(decode_order(json), &Order::issued, &Order::areas);
    case MessageType::log_ack:
      return claim_of(decode_log_ack(json), &LogAck::issued, &LogAck::areas);
    case MessageType::certificate:
      return claim_of(decode_certificate(json), &Certificate::issued, &Certificate::areas);
    case MessageType::alert:
      return claim_of_alert(json, held);
    case MessageType::controller_state: {
      const auto state = decode_controller_state(json);
      if (!state) return state.error();
      return Claim{state->issued, held};
    }
    default:
      return Refusal{RefusalCode::wrong_type, "header/typ", "not a message from the controller to a node"};
  }
}

Refusal refuse(RefusalCode code, const char* where, std::string message) {
  return {code, where, std::move(message)};
}

Result<void> check_key(const SigningKey* key, const Envelope& envelope) {
  if (!key)
    return refuse(RefusalCode::unknown_key, "header/kid", fmt::format("no key {} is known", envelope.kid));
  if (key->revoked)
    return refuse(RefusalCode::revoked_key, "header/kid", fmt::format("the key {} is revoked", key->kid));
  if (std::find(key->may_sign.begin(), key->may_sign.end(), envelope.type) == key->may_sign.end()) {
    return refuse(RefusalCode::key_not_allowed, "header/kid",
                  fmt::format("the key {} may not sign {}", key->kid, name_of(envelope.type)));
  }
  if (!envelope.signed_by(key->public_key)) {
    return refuse(RefusalCode::bad_signature, "signature",
                  fmt::format("the signature is not by the key {}", key->kid));
  }
  return {};
}

Result<void> check_claim(const SigningKey& key, const Claim& claim, const Chain& held) {
  if (claim.issued < key.not_before || claim.issued > key.not_after) {
    return refuse(RefusalCode::key_dates, "/iat",
                  fmt::format("signed at {}, the key {} signs from {} to {}", scheduler::to_ms(claim.issued),
                              key.kid, scheduler::to_ms(key.not_before), scheduler::to_ms(key.not_after)));
  }
  const Chain above = down_to(held, key.branch);
  if (above.empty()) {
    return refuse(RefusalCode::key_not_allowed, "header/kid",
                  fmt::format("the key {} is for {}, the node is not under it", key.kid, key.branch));
  }
  const Chain named = down_to(claim.areas, key.branch);
  if (named.empty()) {
    return refuse(RefusalCode::key_not_allowed, "header/kid",
                  fmt::format("the key {} is for {}, the message is not under it", key.kid, key.branch));
  }
  if (named != above) {
    return refuse(RefusalCode::key_not_allowed, "header/kid",
                  fmt::format("the key {} is for {}, the message moves what is above it", key.kid, key.branch));
  }
  return {};
}

Result<TimePoint> issued_by_node(MessageType type, std::string_view json, std::string_view node) {
  if (type == MessageType::state) {
    const auto state = decode_state(json, node);
    return state ? Result<TimePoint>{state->issued} : state.error();
  }
  if (type == MessageType::receipt) {
    const auto receipt = decode_receipt(json, node);
    return receipt ? Result<TimePoint>{receipt->issued} : receipt.error();
  }
  if (type == MessageType::certificate_request) {
    const auto request = decode_certificate_request(json, node);
    return request ? Result<TimePoint>{request->issued} : request.error();
  }
  const auto batch = decode_log(json, node);
  return batch ? Result<TimePoint>{batch->issued} : batch.error();
}

}  // namespace

const SigningKey* KeyRing::find(std::string_view kid) const {
  if (!set_) return nullptr;
  const auto found =
      std::find_if(set_->keys.begin(), set_->keys.end(), [&](const auto& key) { return key.kid == kid; });
  return found == set_->keys.end() ? nullptr : &*found;
}

Result<KeySet> KeyRing::take(std::string_view jws) {
  if (set_ && jws == jws_) return *set_;
  const auto envelope = open(jws, MessageType::keys);
  if (!envelope) return envelope.error();
  if (envelope->kid != kRootKid) {
    return refuse(RefusalCode::key_not_allowed, "header/kid", "key sets are signed by the root key alone");
  }
  if (!envelope->signed_by(root_)) {
    return refuse(RefusalCode::bad_signature, "signature",
                  "the key set is not signed by the root key of this node");
  }
  auto set = decode_keys(envelope->payload);
  if (!set) return set.error();
  if (set->number <= number()) {
    return refuse(RefusalCode::old_revision, "/rev",
                  fmt::format("key set {} is not above {}, which is held", set->number, number()));
  }
  auto authorities = authorities_pem(*set);
  if (!authorities) return authorities.error();
  set_ = *set;
  jws_ = jws;
  authorities_ = *std::move(authorities);
  return set;
}

Result<Verified> KeyRing::verify(std::string_view jws, MessageType expected, const Chain& chain_held) const {
  auto envelope = open(jws, expected);
  if (!envelope) return envelope.error();
  const SigningKey* key = find(envelope->kid);
  if (const auto checked = check_key(key, *envelope); !checked) return checked.error();
  auto json = json_of(*std::move(envelope));
  if (!json) return json.error();
  const auto claim = read_claim(expected, *json, chain_held);
  if (!claim) return claim.error();
  if (const auto checked = check_claim(*key, *claim, chain_held); !checked) return checked.error();
  return Verified{expected, key->kid, *std::move(json), claim->issued};
}

bool KeyRing::counts(std::string_view kid) const {
  const SigningKey* key = find(kid);
  return key && !key->revoked;
}

Result<Verified> verify_from_node(std::string_view jws, MessageType expected, std::string_view node,
                                  const PublicKey& key) {
  if (expected != MessageType::state && expected != MessageType::receipt && expected != MessageType::log &&
      expected != MessageType::certificate_request) {
    return refuse(RefusalCode::key_not_allowed, "header/typ",
                  "nodes sign states, receipts, logs and requests for certificates");
  }
  auto envelope = open(jws, expected);
  if (!envelope) return envelope.error();
  if (envelope->kid != node) {
    return refuse(RefusalCode::unknown_key, "header/kid",
                  fmt::format("{} signed a message of {}", envelope->kid, node));
  }
  if (!envelope->signed_by(key)) {
    return refuse(RefusalCode::bad_signature, "signature",
                  fmt::format("the signature is not by the node {}", node));
  }
  auto json = json_of(*std::move(envelope));
  if (!json) return json.error();
  const auto issued = issued_by_node(expected, *json, node);
  if (!issued) return issued.error();
  return Verified{expected, std::string{node}, *std::move(json), *issued};
}

}  // namespace loa::protocol
