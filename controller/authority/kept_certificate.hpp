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
};

/// The serial number of a certificate in PEM, lower-case hex as CertificateAuthority::revoke takes it; empty where it is none.
std::string certificate_serial(const std::string& pem);

/// The server certificate in `folder`/`name`.pem and .key (0600), made anew only where there is none by this authority that
/// names all `hosts` and counts for another year: one that clients trust is kept. Throws as CertificateAuthority and the disk do.
KeptCertificate keep_server_certificate(const std::filesystem::path& folder, const std::string& name,
                                        const std::vector<std::string>& hosts, const CertificateAuthority& authority,
                                        TimePoint now);

/// The same for an MQTT client: `folder`/`identity`.pem and .key. The one whose place another takes is revoked before the other is made, and one that
/// is revoked is not kept: whoever copied it could speak in the client's name, and a crash between the two must not let him.
KeptCertificate keep_client_certificate(const std::filesystem::path& folder, const std::string& identity, CertificateAuthority& authority,
                                        TimePoint now);

}  // namespace loa::authority
