#pragma once
#include <filesystem>

#include "controller/authority/certificates.hpp"
#include "controller/store/store.hpp"

namespace loa::controller {

/// For a controller on hold, before it writes the broker's files: what ended after its backup was made stays ended. Where the broker's live files in `live`
/// were written by this authority and not before those in `own`, the certificates of their CRL are revoked here too, and nodes without a block in
/// their ACL are retired. A node whose certificate is revoked is noted: boards also end their bundle's by making keys of their own. What was done, and nodes that the ACL has and the store does not, is noted with
/// the hold (store::HoldNote). Where there are no such files, that is noted instead. Throws what store and disk throw.
void keep_revocations(store::Store& store, authority::CertificateAuthority& authority, const std::filesystem::path& own, const std::filesystem::path& live);

}  // namespace loa::controller
