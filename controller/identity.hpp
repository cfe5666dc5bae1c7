#pragma once
#include <string>

#include "controller/authority/kept_certificate.hpp"
#include "controller/http/server.hpp"
#include "controller/settings.hpp"
#include "protocol/clock.hpp"
#include "protocol/messages.hpp"

namespace loa::controller {

/// The certificate authority that the key set names, and the controller's own certificates by it. On the loop.
class Identity {
 public:
  /// Makes an authority where there is none. Throws as CertificateAuthority.
  Identity(const Settings& settings, const protocol::Clock& clock, const protocol::KeySet& keys);

  authority::CertificateAuthority& authority() { return authority_; }
  /// What the controller shows the broker. One that was replaced is revoked: whoever copied it could speak in the controller's name.
  authority::KeptCertificate client_certificate();
  /// What the page's and the monitoring's server show. Only where the settings want TLS.
  http::TlsFiles server_files();
  /// Another key set: whether another authority makes the certificates from now on. Throws as CertificateAuthority::follow.
  bool follow(const protocol::KeySet& keys);

 private:
  const Settings& settings_;
  const protocol::Clock& clock_;
  authority::CertificateAuthority authority_;
};

}  // namespace loa::controller
