#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>

#include "scheduler/time.hpp"

namespace loa::protocol {

struct FreeSslContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeSslContext>;

/// Who we are and whom we trust, as PEM texts.
struct TlsIdentity {
  std::string ca_pem;
  std::string certificate_pem;  ///< own certificate first, then its chain
  std::string key_pem;
};

/// A client context (TLS 1.2 or newer) that verifies chain and name of `host` (DNS name or IP address, RFC 9525), and
/// dates against `time`, or no dates where there is none. Throws std::invalid_argument naming the PEM that does not work.
SslContext make_client_context(const TlsIdentity& identity, const std::string& host,
                               std::optional<scheduler::TimePoint> time);

/// The oldest error of this thread's OpenSSL queue as text, which is emptied; "" where there is none.
std::string take_ssl_error();

}  // namespace loa::protocol
