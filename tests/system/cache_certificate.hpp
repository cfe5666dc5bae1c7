#pragma once
#include "controller/authority/kept_certificate.hpp"
#include "protocol/clock.hpp"
#include "tests/support/test_tls.hpp"
#include "tests/system/village.hpp"

namespace loa::tests {

/// A certificate of the village's own authority for a cache of clips on the loopback, which nodes trust.
inline TestTls cache_certificate(const Village& village) {
  const auto now = loa::protocol::SystemClock().now();
  const auto authority = loa::authority::CertificateAuthority::open_or_create(village.folder() / "controller/authority", now);
  const auto made = loa::authority::keep_server_certificate(village.folder() / "cache", "cache", {"127.0.0.1"}, authority, now);
  return {authority.certificate_pem(), made.certificate_pem, made.key_pem};
}

}  // namespace loa::tests
