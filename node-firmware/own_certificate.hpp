#pragma once
#include <optional>
#include <string>

namespace loa::node {

/// A new TLS key (EC P-256) as unencrypted PKCS#8 PEM; throws std::runtime_error where OpenSSL fails.
std::string make_tls_key();

/// A request for a certificate (PKCS#10, RFC 2986, PEM) of this key with `name` as its common name, signed by the key. Throws
/// std::runtime_error where the PEM holds no key.
std::string make_csr(const std::string& key_pem, const std::string& name);

/// Why the two are no pair of `name`: not a certificate, not this key's or not of this name; nothing where they are.
std::optional<std::string> check_own_pair(const std::string& certificate_pem, const std::string& key_pem, const std::string& name);

/// Why the certificate cannot serve the key: not one, not by a certificate of `ca_pem`, not this key's, not for a client or not of
/// this name; nothing where it can. Dates are the broker's to check: a board may not know the time.
std::optional<std::string> check_own_certificate(const std::string& certificate_pem, const std::string& key_pem, const std::string& ca_pem,
                                                 const std::string& name);

}  // namespace loa::node
