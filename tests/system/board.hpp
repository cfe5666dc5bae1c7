#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "controller/authority/openssl_handles.hpp"
#include "protocol/base64url.hpp"
#include "protocol/bundle.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/random_id.hpp"
#include "protocol/topics.hpp"
#include "tests/link/link_owner.hpp"
#include "tests/system/village.hpp"

namespace loa::tests {

inline std::string whole_file(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

/// Whether the certificate stands on the CRL that the village's broker reads.
inline bool is_on_live_crl(const Village& village, const std::string& certificate_pem) {
  const auto certificate = authority::certificate_from_pem(certificate_pem);
  const auto crl = authority::crl_from_pem(whole_file(village.folder() / "live/crl.pem"));
  X509_REVOKED* entry = nullptr;
  return certificate && crl && X509_CRL_get0_by_cert(crl.get(), &entry, certificate.get()) == 1;
}

inline protocol::Bundle bundle_of(const Village& village, const std::string& code) {
  return protocol::decode_bundle(whole_file(village.node_folder(code) / "bundle.json")).value();
}

/// The keys that a board made itself, as it keeps them; null where it has none.
inline boost::json::value own_keys_of(const Village& village, const std::string& code) {
  const auto file = village.node_folder(code) / "state/own-keys.json";
  return std::filesystem::exists(file) ? boost::json::parse(whole_file(file)) : boost::json::value();
}

/// Someone who has a board's keys and speaks to the broker with them as the test likes.
struct Impostor {
  boost::asio::io_context loop;
  std::string node;
  protocol::PrivateKey key;
  LinkOwner link;

  Impostor(const Village& village, const std::string& id, const std::string& ca_pem, const std::string& certificate_pem, const std::string& tls_key_pem,
           const std::string& signing_key_pem)
      : node(id), key(protocol::PrivateKey::from_pem(signing_key_pem).value()), link(loop, settings(village, id, ca_pem, certificate_pem, tls_key_pem)) {}
  Impostor(const Village& village, const protocol::Bundle& bundle)
      : Impostor(village, bundle.node, bundle.ca_pem, bundle.tls_certificate_pem, bundle.tls_key_pem, bundle.signing_key_pem) {}

  static protocol::LinkSettings settings(const Village& village, const std::string& id, const std::string& ca_pem, const std::string& certificate_pem,
                                         const std::string& tls_key_pem) {
    protocol::LinkSettings link;
    link.addresses = {"mqtts://localhost:" + std::to_string(village.broker_port())};
    link.client_id = id;
    link.ca_pem = ca_pem;
    link.certificate_pem = certificate_pem;
    link.key_pem = tls_key_pem;
    link.backoff_base = std::chrono::milliseconds(50);
    link.backoff_cap = std::chrono::milliseconds(500);
    return link;
  }
  /// A request for a certificate of keys that only it has, as a board would send it; the CSR is the caller's.
  std::string request(const std::string& csr_pem, const protocol::PrivateKey& next) const {
    protocol::CertificateRequest request;
    request.node = node;
    request.id = protocol::random_id("q");
    request.issued = protocol::SystemClock().now();
    request.csr_pem = csr_pem;
    request.signing_key = next.public_key();
    request.proof = protocol::to_base64url(next.sign(protocol::proof_text(request)));
    return protocol::sign(protocol::MessageType::certificate_request, node, protocol::encode(request), key);
  }
};

}  // namespace loa::tests
