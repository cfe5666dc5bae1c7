#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "controller/authority/key_request.hpp"

namespace loa::authority {

/// What the next key set is to change.
struct KeyChange {
  std::string base;                        ///< a key set as it is published; empty: none is known but the last one signed here
  std::vector<protocol::SigningKey> keys;  ///< new ones
  std::optional<std::vector<std::string>> authorities;  ///< to be listed; nothing: as before
  std::vector<std::string> revoke;         ///< kids
  bool revoke_all = false;                 ///< every key but the new ones
};

/// A key set that was signed just now.
struct SignedKeySet {
  protocol::KeySet set;
  std::string jws;
  std::vector<std::string> added;    ///< kids
  std::vector<std::string> revoked;  ///< kids revoked by this change
};

/// Beside the root key lie its public half and the last key set that was signed with it, which hold nothing secret.
std::filesystem::path root_public_file(const std::filesystem::path& root_file);
std::filesystem::path last_signed_file(const std::filesystem::path& root_file);

/// Makes the root key in `root_file` (0600) and its public half beside it. Throws KeyFileError where the file is there already,
/// std::system_error where the disk fails.
protocol::PublicKey make_root(const std::filesystem::path& root_file);

/// Whether `file` would lie in `folder`, also by links.
bool lies_in(const std::filesystem::path& file, const std::filesystem::path& folder);

/// Signs the key set that follows `change.base` and the last one signed with this root, whichever is higher: a number is never used
/// twice and no revocation is lost, also where the controller came from a backup. Keys that ended more than 31 days ago are no longer
/// listed. Throws KeyFileError where the root is not that of the base, a kid is unknown or stands for two keys, a new key is a
/// revoked one again, or there would be more than a set can list; nothing is signed then.
SignedKeySet sign_key_set(const std::filesystem::path& root_file, const KeyChange& change, protocol::TimePoint now);

/// `loa keys init` on one machine: the root key, one working key for `branch`, and key set 1 in `controller`. Throws KeyFileError also
/// where the root file lies in the controller's folder or there are keys already.
ControllerKeys init_keys(const std::filesystem::path& root_file, const std::filesystem::path& controller, const std::string& branch,
                         protocol::TimePoint now);

/// `loa keys rotate` and `revoke` on one machine: request_keys, sign_key_set and import_keys in one.
ControllerKeys change_keys(const std::filesystem::path& root_file, const std::filesystem::path& controller, const WantedKeys& wanted,
                           const std::vector<std::string>& revoke, protocol::TimePoint now,
                           AuthorityChange authority = AuthorityChange::none);

}  // namespace loa::authority
