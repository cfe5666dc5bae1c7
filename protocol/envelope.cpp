#include "protocol/envelope.hpp"

#include <array>
#include <stdexcept>

#include "protocol/base64url.hpp"
#include "protocol/describe_messages.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/limits.hpp"
#include "protocol/topics.hpp"

namespace loa::protocol {
namespace {

/// The protected header; anything else in it is refused, so that no `crit` or `jwk` is ever looked at.
struct Header {
  std::string alg = "EdDSA";
  std::string kid;
  MessageType typ = MessageType::state;
};

template <class Visitor, DescribedAs<Header> T>
void describe(Visitor& visit, T& header) {
  visit("alg", header.alg, TextRule{16});
  visit("kid", header.kid, loa::protocol::id());
  visit("typ", header.typ);
}

Refusal malformed(const char* where, const char* message) { return {RefusalCode::malformed, where, message}; }

Refusal within_header(Refusal refusal) {
  refusal.where = "header" + refusal.where;
  return refusal;
}

Result<Header> read_header(std::string_view text) {
  if (text.size() > kMaxHeader)
    return Refusal{RefusalCode::too_large, "header", "the protected header is too long"};
  const auto json = from_base64url(text);
  if (!json) return malformed("header", "the protected header is not base64url without padding");
  auto header = read_json<Header>(*json);
  if (!header) return within_header(header.error());
  if (header->alg != "EdDSA") return malformed("header/alg", "the algorithm is not EdDSA");
  return header;
}

}  // namespace

std::string sign(MessageType type, std::string_view kid, std::string_view payload, const PrivateKey& key) {
  if (!is_id(kid)) throw std::invalid_argument("a kid must be an id");
  const std::string header = write_json(Header{"EdDSA", std::string{kid}, type});
  std::string jws = to_base64url(header) + "." + to_base64url(payload);
  return jws + "." + to_base64url(key.sign(jws));
}

Result<Envelope> open(std::string_view jws, MessageType expected) {
  if (jws.size() > max_signed(expected)) {
    return Refusal{RefusalCode::too_large, "envelope",
                   "the message is larger than " + std::to_string(max_signed(expected)) + " bytes"};
  }
  const auto first = jws.find('.');
  const auto second = first == jws.npos ? jws.npos : jws.find('.', first + 1);
  if (second == jws.npos || jws.find('.', second + 1) != jws.npos) {
    return malformed("envelope", "not three parts with dots between them");
  }
  auto header = read_header(jws.substr(0, first));
  if (!header) return header.error();
  auto payload = from_base64url(jws.substr(first + 1, second - first - 1));
  if (!payload) return malformed("payload", "the payload is not base64url without padding");
  auto signature = from_base64url(jws.substr(second + 1));
  if (!signature) return malformed("signature", "the signature is not base64url without padding");
  if (header->typ != expected) {
    return Refusal{RefusalCode::wrong_type, "header/typ",
                   std::string{"the topic takes "} + name_of(expected) + ", this is " + name_of(header->typ)};
  }
  return Envelope{header->typ, std::move(header->kid), *std::move(payload),
                  std::string{jws.substr(0, second)}, *std::move(signature)};
}

}  // namespace loa::protocol
