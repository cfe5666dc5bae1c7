#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <string_view>

#include "node-firmware/agent.hpp"
#include "node-firmware/own_certificate.hpp"
#include "protocol/codec.hpp"
#include "protocol/topics.hpp"

namespace loa::node {

using namespace std::chrono_literals;
using protocol::MessageType;

namespace {

constexpr auto kRequestPatience = 15s;  // for a certificate; doubles up to:
constexpr auto kLongestRequestPatience = 30min;
constexpr auto kRefusedAgain = 24h;
constexpr auto kDiskPatience = 1min;

// Nodes that joined on one day do not all renew on one day: up to a twelfth of the age, always the same for a node.
std::chrono::milliseconds spread(const std::string& node, std::chrono::milliseconds age) {
  return age / 12 * static_cast<std::int64_t>(std::hash<std::string>{}(node) % 1000) / 1000;
}

}  // namespace

// Whoever made the bundle, carried it or found it could have copied it, so the node speaks with keys of its own as soon as it can.
void Agent::look_at_keys() {
  if (!parts_.link.connected()) return;
  const auto now = parts_.clock.monotonic();
  if (now < next_request_) return;
  if (!parts_.keys.coming()) {
    const auto age = settings_.certificate_age + spread(parts_.identity.bundle.node, settings_.certificate_age);
    const bool old = parts_.clock.trusted() && parts_.clock.now() - parts_.keys.issued() >= age;
    const bool moved = wants_other_authority();
    if (!parts_.keys.bundled() && !old && !moved) {
      next_request_ = now + std::min<std::chrono::nanoseconds>(1h, settings_.certificate_age / 4);
      return;
    }
    spdlog::info(parts_.keys.bundled() ? "making keys of its own" : moved ? "another authority makes certificates now: making other keys"
                                                                          : "its keys are old: making others");
    asked_for_set_ = ring_.number();
    if (!parts_.disk.attempt("coming-keys.json", [this] { parts_.keys.make_coming(); })) {
      next_request_ = now + kDiskPatience;
      return;
    }
    request_patience_ = kRequestPatience;
  }
  const auto request = parts_.keys.request(parts_.clock.now());
  request_patience_ = std::clamp<std::chrono::nanoseconds>(request_patience_, kRequestPatience, kLongestRequestPatience);
  next_request_ = now + (request ? request_patience_ : kRequestPatience);
  if (!request) return;  // the certificate came: a head in this session will end the waiting
  request_patience_ *= 2;
  if (reporter_.send(*request)) spdlog::info("asked for a certificate, request {}", request->id);
}

// The first authority that a key set lists makes the certificates of nodes. Asked once for each key set: a controller that answers with
// another one's certificate all the same must not be asked for ever.
bool Agent::wants_other_authority() const {
  const auto& listed = ring_.authorities();
  if (listed.empty() || parts_.keys.bundled() || asked_for_set_ == ring_.number()) return false;
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----\n";
  const auto first = listed.substr(0, listed.find(kEnd) + kEnd.size());
  const auto& own = parts_.keys.speaking();
  return check_own_certificate(own.certificate_pem, own.tls_key_pem, first, parts_.identity.bundle.node).has_value();
}

// A controller that was restored from a backup knows no keys that it gave since. It is told by its own signed word, before the first state.
void Agent::introduce_keys() {
  const auto& answer = parts_.keys.speaking().answer;
  if (answer.empty() || head_patience_ <= kHeadPatience) return;
  if (reporter_.introduce(answer)) spdlog::info("no head in the session before: showing the controller the certificate that it gave");
}

// Somebody else joined with this bundle, or the board was revoked: the broker lets it in no more, so that only the controller's other door is left.
void Agent::tell_refused(const std::string& reason) {
  if (!parts_.keys.bundled() || reason.find("certificate revoked") == std::string::npos) return;
  const auto now = parts_.clock.monotonic();
  if (refused_told_ && now - *refused_told_ < kRefusedAgain) return;
  refused_told_ = now;
  spdlog::error("the broker says that the certificate of this bundle is revoked: it was used before, or its board was revoked. Ask for another: `loa node replace {}`",
                parts_.identity.bundle.code);
  if (!parts_.disk.attempt("coming-keys.json", [this] { parts_.keys.make_coming(); })) return;
  const auto request = parts_.keys.request(parts_.clock.now());
  if (request && wishes_.refused) wishes_.refused(reporter_.signed_request(*request));
}

Monotonic Agent::next_look_at_keys() const { return next_request_; }

void Agent::take_certificate(const protocol::LinkMessage& message) {
  const auto& node = parts_.identity.bundle.node;
  About about{MessageType::certificate, node, 0, ""};
  const auto verified = ring_.verify(message.payload, MessageType::certificate, chain());
  if (!verified) return refuse(message, about, verified.error());
  about.kid = verified->kid;
  const auto certificate = protocol::decode_certificate(verified->payload, node);
  if (!certificate) return refuse(message, about, certificate.error());
  about.subject = certificate->request;
  protocol::Result<void> taken;
  const bool kept = parts_.disk.attempt("coming-keys.json", [&] { taken = parts_.keys.take(*certificate, message.payload, authorities()); });
  if (!taken) return refuse(message, about, taken.error());
  if (!kept) return;  // it is asked for again
  signed_at(verified->kid, verified->issued);
  spdlog::info("its own certificate came: connecting with it");
  reporter_.accepted(about);
  parts_.link.renew();
}

}  // namespace loa::node
