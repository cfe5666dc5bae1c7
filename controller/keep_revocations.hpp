#pragma once
#include <filesystem>

#include "controller/authority/certificates.hpp"
#include "controller/store/store.hpp"

namespace loa::controller {

/// For a controller on hold, or one whose hold was ended while it was stopped, before it writes the broker's files: what ended after its backup was
/// made stays ended. Where the broker's live files in `live` were written by this authority and not before those in `own`, the certificates of their CRL
/// are revoked here too, and nodes without a block in their ACL are retired, but for those that were added since the hold began. A node whose known certificate is on the list stays where it has a block: it has newer keys, which it shows by itself. What was
/// done, and nodes that the ACL has and the store does not, is noted with the hold (store::HoldNote). Where there are no such files, that is noted instead.
/// Throws what store and disk throw.
void keep_revocations(store::Store& store, authority::CertificateAuthority& authority, const std::filesystem::path& own, const std::filesystem::path& live);

}  // namespace loa::controller
