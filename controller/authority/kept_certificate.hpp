#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "controller/authority/certificates.hpp"

namespace loa::authority {

/// A certificate and key as they lie in a folder.
struct KeptCertificate {
  std::string certificate_pem;
  std::string key_pem;
  std::string replaced_serial = {};  ///< of the certificate in whose place this one was made just now; empty: none, or none to be read
};

/// The serial number of a certificate in PEM, lower-case hex as CertificateAuthority::revoke takes it; empty where it is none.
std::string certificate_serial(const std::string& pem);

/// The server certificate in `folder`/`name`.pem and .key (0600), made anew only where there is none by this authority that
/// names all `hosts` and counts for another year: one that clients trust is kept. Throws as CertificateAuthority and the disk do.
KeptCertificate keep_server_certificate(const std::filesystem::path& folder, const std::string& name,
                                        const std::vector<std::string>& hosts, const CertificateAuthority& authority,
                                        TimePoint now);

/// The same for an MQTT client: `folder`/`identity`.pem and .key.
KeptCertificate keep_client_certificate(const std::filesystem::path& folder, const std::string& identity,
                                        const CertificateAuthority& authority, TimePoint now);

}  // namespace loa::authority
