// Signed messages: taken apart and put together again they are the same bytes, and no key that did not sign them opens them.
#include "protocol/envelope.hpp"

#include "protocol/base64url.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/packet.hpp"
#include "tests/fuzz/target.hpp"

namespace loa::fuzz {
namespace {

using namespace protocol;

constexpr int kTypes = static_cast<int>(MessageType::certificate) + 1;

// First byte: the type that is expected; the rest is the message.
void take_apart(std::string_view bytes) {
  static const auto stranger = PrivateKey::from_pem(file_of_checkout("tests/golden/test-node.pem")).value().public_key();
  Bytes input(bytes);
  const auto expected = static_cast<MessageType>(input.byte() % kTypes);
  const auto jws = input.rest();
  const auto envelope = open(jws, expected);
  if (!envelope) {
    demand(!envelope.error().message.empty(), "a refusal says what is wrong");
    return;
  }
  demand(envelope->type == expected, "only the type that is expected is taken");
  demand(envelope->signed_part + "." + to_base64url(envelope->signature) == jws, "a message has one spelling");
  const bool mine = envelope->signed_by(stranger);
  demand((mine && json_of(*envelope).has_value()) == open(jws, expected, stranger).has_value(), "both ways to verify agree");
}

std::vector<std::string> golden_messages() {
  std::vector<std::string> seeds;
  const char* const names[] = {"keys", "head", "plan", "alert", "order", "log-ack", "state", "receipt", "log", "controller-state"};
  for (int i = 0; i < 10; ++i) seeds.push_back(static_cast<char>(i) + file_of_checkout(std::string("tests/golden/") + names[i] + ".jws"));
  return seeds;
}

// A key set that the root signed, whatever is in it; then the golden messages are held against it.
void believe_keys(std::string_view bytes) {
  static const auto root = PrivateKey::from_pem(file_of_checkout("tests/golden/test-root.pem")).value();
  static const auto order = file_of_checkout("tests/golden/order.jws");
  static const std::vector<std::string> chain{"hue", "hue-19753"};
  KeyRing ring(root.public_key());
  const auto jws = sign(MessageType::keys, kRootKid, bytes, root);
  const auto taken = ring.take(jws);
  if (!taken) {
    demand(!taken.error().message.empty(), "a refusal says what is wrong");
    demand(ring.number() == 0, "what is refused changes nothing");
    return;
  }
  demand(ring.number() == taken->number, "the ring holds what it took");
  demand(ring.take(jws).has_value(), "the same set is taken once more");
  for (const auto& key : taken->keys) demand(ring.counts(key.kid) == !key.revoked, "a revoked key does not count");
  const auto verified = ring.verify(order, MessageType::order, chain);
  if (!verified) return;
  demand(ring.counts(verified->kid), "only a key that counts verifies");
  for (const auto& key : taken->keys)
    if (key.kid == verified->kid)
      demand(verified->issued >= key.not_before && verified->issued <= key.not_after, "a key signs within its dates");
}

std::vector<std::string> golden_keys() { return {file_of_checkout("tests/golden/keys.json")}; }

constexpr std::size_t kMostInflated = 64 * 1024;

void inflate_packet(std::string_view bytes) {
  const auto text = inflate(bytes, kMostInflated);
  if (!text) {
    demand(!text.error().message.empty(), "a refusal says what is wrong");
    return;
  }
  demand(text->size() <= kMostInflated, "nothing inflates beyond its limit");
  const auto again = inflate(deflate(*text), kMostInflated);
  demand(again.has_value() && *again == *text, "what is deflated inflates to the same");
}

std::vector<std::string> packets() {
  return {deflate(""), deflate("{\"v\":1}"), deflate(std::string(kMostInflated, 'a')), deflate(std::string(kMostInflated + 1, 'a')),
          deflate(file_of_checkout("tests/golden/plan.json"))};
}

void read_key(std::string_view bytes) {
  const auto key = PrivateKey::from_pem(bytes);
  if (key) {
    demand(key->public_key() == PrivateKey::from_pem(key->to_pem()).value().public_key(), "a key that is written is the same key");
  } else {
    demand(!key.error().message.empty(), "a refusal says what is wrong");
  }
  if (const auto open_key = public_key_from_text(bytes)) demand(to_text(*open_key) == bytes, "a public key has one spelling");
}

std::vector<std::string> keys() {
  const auto pem = file_of_checkout("tests/golden/test-node.pem");
  return {pem, to_text(PrivateKey::from_pem(pem).value().public_key())};
}

const Registration kEnvelope{{"envelope", take_apart, golden_messages, 4096}};
const Registration kKeySet{{"key_set", believe_keys, golden_keys, 8192}};
const Registration kInflate{{"plan_inflate", inflate_packet, packets, 4096}};
const Registration kKeyText{{"key_text", read_key, keys, 1024}};

}  // namespace
}  // namespace loa::fuzz
