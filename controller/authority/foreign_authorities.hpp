#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "controller/authority/certificates.hpp"

namespace loa::authority {

/// An authority whose key is not here, with the last list of revoked certificates that it signed.
struct ForeignAuthority {
  std::string certificate_pem;
  std::string crl_pem;
};

/// How the broker goes on letting in the boards of authorities whose keys are not here: those that `authority` names as foreign, and with `all` every
/// other one in the ca.pem of the folders too. Only those of which one of the sets of broker files in `folders` has a CRL that still counts for longer than files are
/// left alone: without one the broker takes nobody of them, and the whole set would be refused. Of several the one that counts longest. Blocks on the disk.
std::vector<ForeignAuthority> find_foreign(const CertificateAuthority& authority, const std::vector<std::filesystem::path>& folders, bool all, TimePoint now);

/// What a person knows an authority by: the common name of its certificate.
std::string name_of_authority(const std::string& certificate_pem);

}  // namespace loa::authority
