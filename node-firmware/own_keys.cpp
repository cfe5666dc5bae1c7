#include "node-firmware/own_keys.hpp"

#include <boost/json.hpp>
#include <stdexcept>

#include "node-firmware/own_certificate.hpp"
#include "protocol/base64url.hpp"
#include "protocol/limits.hpp"
#include "protocol/random_id.hpp"

namespace loa::node {

namespace json = boost::json;
using protocol::Refusal;
using protocol::RefusalCode;

namespace {

constexpr const char* kOwn = "own-keys.json";
constexpr const char* kComing = "coming-keys.json";
constexpr std::size_t kMostBytes = 3 * protocol::kMaxPem;

json::object object_of(const KeyPair& keys) {
  return {{"certificate_pem", keys.certificate_pem},
          {"tls_key_pem", keys.tls_key_pem},
          {"signing_key_pem", keys.signing_key_pem},
          {"issued", scheduler::to_ms(keys.issued)},
          {"answer", keys.answer}};
}

std::string text_in(const json::object& object, const char* name) { return std::string(object.at(name).as_string()); }

KeyPair keys_in(const json::object& object) {
  return {text_in(object, "certificate_pem"), text_in(object, "tls_key_pem"), text_in(object, "signing_key_pem"),
          scheduler::from_ms(object.at("issued").as_int64()), text_in(object, "answer")};
}

std::unique_ptr<protocol::PrivateKey> signing_key_of(const std::string& pem) {
  auto key = protocol::PrivateKey::from_pem(pem);
  if (!key) throw std::runtime_error(key.error().message);
  return std::make_unique<protocol::PrivateKey>(std::move(*key));
}

// Why keys cannot be used by the node; empty where they can.
std::string fault_of(const KeyPair& keys, const std::string& node) {
  if (auto key = protocol::PrivateKey::from_pem(keys.signing_key_pem); !key) return key.error().message;
  if (keys.certificate_pem.empty()) return "";
  return check_own_pair(keys.certificate_pem, keys.tls_key_pem, node).value_or("");
}

}  // namespace

OwnKeys::OwnKeys(std::filesystem::path folder, const Identity& identity, DiskHook hook)
    : files_(std::move(folder)), identity_(identity), hook_(std::move(hook)) {
  make_private_folder(files_.folder());
  const auto& bundle = identity_.bundle;
  present_ = {bundle.tls_certificate_pem, bundle.tls_key_pem, bundle.signing_key_pem, {}, {}};
  present_key_ = signing_key_of(bundle.signing_key_pem);
  load_own();
  load_coming();
}

// Without its own keys the node goes back to its bundle's, which the controller refuses and tells a person about: hence the copy.
void OwnKeys::load_own() {
  const auto own = files_.read_twice(kOwn, kMostBytes, "the bundle's keys are tried", [this](const std::string& text) -> std::string {
    try {
      const auto keys = keys_in(json::parse(text).as_object());
      return keys.certificate_pem.empty() ? "no certificate" : fault_of(keys, identity_.bundle.node);
    } catch (const std::exception& error) {
      return error.what();
    }
  });
  if (!own) return;
  present_ = keys_in(json::parse(*own).as_object());
  present_key_ = signing_key_of(present_.signing_key_pem);
  bundled_ = false;
}

void OwnKeys::load_coming() {
  constexpr const char* kWithout = "new keys will be made";
  const auto kept = files_.read(kComing, kMostBytes, kWithout);
  if (!kept) return;
  try {
    const auto object = json::parse(*kept).as_object();
    Coming coming{text_in(object, "id"), text_in(object, "csr_pem"), keys_in(object)};
    if (const auto fault = fault_of(coming.keys, identity_.bundle.node); !fault.empty()) throw std::runtime_error(fault);
    if (coming.keys.signing_key_pem == present_.signing_key_pem) return remove_durably(files_.path(kComing));  // the crash came between the last two steps
    coming_key_ = signing_key_of(coming.keys.signing_key_pem);
    coming_ = std::move(coming);
  } catch (const std::exception& error) {
    files_.lose(kComing, std::string(error.what()) + "; " + kWithout);
  }
}

void OwnKeys::keep(const Coming& coming) {
  auto object = object_of(coming.keys);
  object["id"] = coming.id;
  object["csr_pem"] = coming.csr_pem;
  write_durably(files_.path(kComing), json::serialize(object), hook_);
}

void OwnKeys::choose(Monotonic now) {
  speaks_coming_ = coming_ && !coming_->keys.certificate_pem.empty();
  if (!speaks_coming_) return;
  if (!first_choice_) first_choice_ = now;
  if (now - *first_choice_ > kPatience) speaks_coming_ = ++choices_ % 2 == 0;
}

void OwnKeys::make_coming() {
  if (coming_) return;
  Coming coming;
  coming.id = protocol::random_id("q");
  coming.keys.tls_key_pem = make_tls_key();
  coming.csr_pem = make_csr(coming.keys.tls_key_pem, identity_.bundle.node);
  auto signing = std::make_unique<protocol::PrivateKey>(protocol::PrivateKey::generate());
  coming.keys.signing_key_pem = signing->to_pem();
  keep(coming);
  coming_ = std::move(coming);
  coming_key_ = std::move(signing);
  first_choice_.reset();
}

std::optional<protocol::CertificateRequest> OwnKeys::request(scheduler::TimePoint now) const {
  if (!coming_ || speaks_coming_) return std::nullopt;
  protocol::CertificateRequest request;
  request.node = identity_.bundle.node;
  request.id = coming_->id;
  request.issued = now;
  request.csr_pem = coming_->csr_pem;
  request.signing_key = coming_key_->public_key();
  request.proof = protocol::to_base64url(coming_key_->sign(protocol::proof_text(request)));
  return request;
}

protocol::Result<void> OwnKeys::take(const protocol::Certificate& certificate, const std::string& answer, const std::string& ca_pem) {
  if (!coming_ || certificate.request != coming_->id)
    return Refusal{RefusalCode::stale, "/request", "it answers a request that is not open here"};
  if (certificate.signing_key != coming_key_->public_key())
    return Refusal{RefusalCode::malformed, "/signing_key", "not the key that the request named"};
  if (const auto wrong = check_own_certificate(certificate.certificate_pem, coming_->keys.tls_key_pem, ca_pem, identity_.bundle.node))
    return Refusal{RefusalCode::malformed, "/certificate_pem", *wrong};
  auto answered = *coming_;
  answered.keys.certificate_pem = certificate.certificate_pem;
  answered.keys.issued = certificate.issued;
  answered.keys.answer = answer;
  keep(answered);
  coming_ = std::move(answered);
  return {};
}

void OwnKeys::proved() {
  if (!speaks_coming_) return;
  files_.write_twice(kOwn, json::serialize(object_of(coming_->keys)), hook_);
  present_ = std::move(coming_->keys);
  present_key_ = std::move(coming_key_);
  coming_.reset();
  bundled_ = false;
  speaks_coming_ = false;
  remove_durably(files_.path(kComing));
}

}  // namespace loa::node
