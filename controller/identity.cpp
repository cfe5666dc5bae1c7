#include "controller/identity.hpp"

#include <spdlog/spdlog.h>

#include "controller/authority/broker_files.hpp"

namespace loa::controller {

Identity::Identity(const Settings& settings, const protocol::Clock& clock, const protocol::KeySet& keys)
    : settings_(settings), clock_(clock), authority_(authority::CertificateAuthority::open_or_create(settings.authority_folder(), clock.now())) {
  authority_.follow(keys.authorities);
}

authority::KeptCertificate Identity::client_certificate() {
  return authority::keep_client_certificate(settings_.tls_folder(), authority::kControllerIdentity, authority_, clock_.now());
}

http::TlsFiles Identity::server_files() {
  authority::keep_server_certificate(settings_.tls_folder(), "https", settings_.hosts, authority_, clock_.now());
  return {settings_.tls_folder() / "https.pem", settings_.tls_folder() / "https.key"};
}

bool Identity::follow(const protocol::KeySet& keys) {
  if (!authority_.follow(keys.authorities)) return false;
  spdlog::info("another certificate authority {}", authority_.is_followed() ? "makes the clients' certificates" : "is the only one");
  return true;
}

}  // namespace loa::controller
