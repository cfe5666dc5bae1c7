#pragma once
#include <string>

namespace loa::tests {

/// A CA made for one test and a server certificate for localhost and 127.0.0.1 below it, as PEM.
struct TestTls {
  std::string ca_pem;
  std::string certificate_pem;
  std::string key_pem;
};

/// Certificates valid from `from` to `until`, in seconds from now. Throws std::runtime_error where OpenSSL fails.
/// `names` are the server's, as OpenSSL writes them.
TestTls make_test_tls(long from = -3600, long until = 3600, const char* names = "DNS:localhost,IP:127.0.0.1");

}  // namespace loa::tests
