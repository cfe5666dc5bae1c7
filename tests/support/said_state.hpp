#pragma once
#include <string_view>

#include "protocol/codec.hpp"
#include "protocol/packet.hpp"

namespace loa::tests {

/// The state in a node's message, whoever signed it: for a controller of the tests' own, which has no node's key.
inline protocol::Result<protocol::State> said_state(std::string_view jws) {
  auto envelope = protocol::open(jws, protocol::MessageType::state);
  if (!envelope) return envelope.error();
  const auto json = protocol::json_of(*std::move(envelope));
  if (!json) return json.error();
  return protocol::decode_state(*json);
}

}  // namespace loa::tests
