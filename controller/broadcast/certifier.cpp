#include "controller/broadcast/certifier.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <stdexcept>

#include "protocol/base64url.hpp"
#include "protocol/codec.hpp"
#include "protocol/ed25519.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/topics.hpp"

namespace loa::broadcast {

using protocol::MessageType;

namespace {

bool is_proved(const protocol::CertificateRequest& request) {
  const auto proof = protocol::from_base64url(request.proof);
  return proof && protocol::verify(request.signing_key, protocol::proof_text(request), *proof);
}

}  // namespace

Certifier::Certifier(store::Store& store, Roster& roster, Signer& signer, Outbox& outbox, CertifierHandlers handlers)
    : x_store(store), x_roster(roster), x_signer(signer), x_outbox(outbox), x_handlers(std::move(handlers)) {}

void Certifier::take(const KnownNode& known, const protocol::CertificateRequest& request) {
  const auto& node = known.node.id;
  if (!is_proved(request)) return x_handlers.refuse(node, "bad_signature", "the request does not prove its new signing key");
  for (const auto& keys : known.keys) {
    if (keys.signing_key != request.signing_key) continue;
    if (keys.request == request.id && !keys.ended && !keys.used) return publish(known, keys);
    return x_handlers.refuse(node, "stale", "the request names keys that were given before");
  }
  if (!may_have(known, request) || x_busy.size() >= kMostAtOnce || !x_busy.insert(node).second) return;
  boost::asio::co_spawn(x_store.loop(), certify(node, request), boost::asio::detached);
}

bool Certifier::may_have(const KnownNode& known, const protocol::CertificateRequest& request) {
  const auto& node = known.node.id;
  const auto open = [](const store::NodeKeys& keys) { return !keys.bundled && !keys.ended && !keys.used; };
  if (known.speaks_bundled() && std::any_of(known.keys.begin(), known.keys.end(), open)) {
    x_handlers.refuse(node, kBundleUsedTwice, "a second board asks for keys with this bundle");
    return false;
  }
  const auto since = x_store.clock().now() - std::chrono::hours(24);
  const auto recent = std::count_if(known.keys.begin(), known.keys.end(), [&](const auto& keys) { return !keys.bundled && keys.issued > since; });
  if (recent >= kMostADay) {
    x_handlers.refuse(node, "too_often", "it got new keys ten times within a day");
    return false;
  }
  const auto time = x_signer.time();
  const auto kid = x_signer.kid_for(MessageType::certificate, known.areas);
  if (!time || !kid) {
    x_handlers.put_off(time ? kid.error() : time.error());
    return false;
  }
  return request.node == node;
}

boost::asio::awaitable<void> Certifier::certify(std::string node, protocol::CertificateRequest request) {
  try {
    const auto issued = x_handlers.issue(request.csr_pem, node);
    store::NodeKeys keys;
    keys.node = node;
    keys.serial = issued.serial;
    keys.signing_key = request.signing_key;
    keys.request = request.id;
    keys.certificate_pem = issued.certificate_pem;
    keys.issued = x_store.clock().now();
    keys.not_after = issued.not_after;
    if (co_await keep(keys))
      if (const auto* known = x_roster.find(node)) publish(*known, keys);
  } catch (const std::invalid_argument& error) {
    x_handlers.refuse(node, "malformed", error.what());
  } catch (const std::exception& error) {
    spdlog::error("broadcast: no certificate for {}: {}", node, error.what());  // it asks again
  }
  x_busy.erase(node);
}

// In the store first, then in the roster.
boost::asio::awaitable<bool> Certifier::keep(const store::NodeKeys& keys) {
  auto offer = [keys](store::Transaction& transaction) { return store::offer_node_keys(transaction, keys); };
  const bool kept = co_await x_store.write(store::system_actor(), std::move(offer));
  auto* known = x_roster.find(keys.node);
  if (!kept || !known) co_return false;
  for (auto& other : known->keys)
    if (!other.bundled && !other.used && !other.ended) other.ended = x_store.clock().now();
  known->keys.push_back(keys);
  co_return true;
}

// As the board itself judged it when it took it: whoever has a key of one branch must not take over the boards of another.
protocol::Result<protocol::Certificate> Certifier::own_word(const KnownNode& known, const std::string& answer) const {
  const auto keys = x_signer.keys();
  protocol::KeyRing ring(keys->root);
  if (const auto held = ring.take(keys->key_set_jws); !held) return held.error();
  const auto verified = ring.verify(answer, MessageType::certificate, known.areas);
  if (verified) return protocol::decode_certificate(verified->payload, known.node.id);
  return protocol::Refusal{protocol::RefusalCode::bad_signature, "signature", "shows a certificate that no key in force here gave: " + verified.error().message};
}

void Certifier::introduce(const KnownNode& known, const std::string& answer) {
  const auto& node = known.node.id;
  const auto shown = own_word(known, answer);
  if (!shown) return x_handlers.refuse(node, protocol::name_of(shown.error().code), shown.error().message);
  store::NodeKeys keys;
  try {
    const auto given = x_handlers.check(shown->certificate_pem, node);
    keys.serial = given.serial;
    keys.not_after = given.not_after;
  } catch (const std::invalid_argument& error) {
    return x_handlers.refuse(node, protocol::name_of(protocol::RefusalCode::bad_signature), std::string("shows what was not given to it: ") + error.what());
  }
  keys.node = node;
  keys.signing_key = shown->signing_key;
  keys.request = shown->request;
  keys.certificate_pem = shown->certificate_pem;
  keys.issued = shown->issued;
  // Keys that the store has are no news: what it knows of their end stands.
  const auto& all = known.keys;
  if (std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.serial == keys.serial; })) return;
  if (std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.issued >= keys.issued; }))
    return x_handlers.refuse(node, kBundleUsedTwice, "shows keys that were given to it and that the store does not know, but others were given later: to another board with its bundle?");
  if (x_busy.size() >= kMostAtOnce || !x_busy.insert(node).second) return;
  boost::asio::co_spawn(x_store.loop(), keep_introduced(std::move(keys)), boost::asio::detached);
}

boost::asio::awaitable<void> Certifier::keep_introduced(store::NodeKeys keys) {
  try {
    if (co_await keep(keys)) spdlog::warn("broadcast: {} showed keys that were given to it and that the store does not know: taken up", keys.node);
  } catch (const std::exception& error) {
    spdlog::error("broadcast: the keys that {} showed could not be kept: {}", keys.node, error.what());
  }
  x_busy.erase(keys.node);
}

void Certifier::publish(const KnownNode& known, const store::NodeKeys& keys) {
  const auto now = x_signer.time();
  if (!now) return x_handlers.put_off(now.error());
  const protocol::Certificate answer{known.node.id, *now, keys.request, keys.certificate_pem, keys.signing_key, known.areas};
  auto packet = x_signer.sign(MessageType::certificate, known.areas, protocol::encode(answer), *now);
  if (!packet) return x_handlers.put_off(packet.error());
  spdlog::info("broadcast: {} gets keys of its own, certificate {}", known.node.id, keys.serial);
  x_outbox.push(Priority::keys, protocol::certificate_topic(known.node.id), false, std::move(*packet));
}

}  // namespace loa::broadcast
