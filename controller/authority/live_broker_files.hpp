#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/authority/certificates.hpp"

namespace loa::authority {

/// What a set of broker files says of who may connect.
struct BrokerAccess {
  std::int64_t crl_number = 0;        ///< UTC milliseconds at which the set was written
  std::set<std::string> nodes;        ///< those with a block in the ACL
  std::vector<Revocation> revoked;    ///< of the CRL
};

/// Reads `acl` and `crl.pem` in `folder`; nothing where one is missing or unreadable, or no CRL is by this authority or the one that
/// is to follow it: then nothing can be said. Blocks on the disk.
std::optional<BrokerAccess> read_broker_access(const std::filesystem::path& folder, const CertificateAuthority& authority);

}  // namespace loa::authority
