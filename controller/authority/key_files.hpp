#pragma once
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "protocol/ed25519.hpp"
#include "protocol/messages.hpp"

namespace loa::authority {

/// The key files do not allow what was asked; the text names the file and what to do.
struct KeyFileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How long a working key may sign from when it was made.
inline constexpr std::chrono::hours kWorkingKeyLife{2 * 365 * 24};

/// A private key of the controller and what the key set calls it.
struct WorkingKey {
  std::string kid;
  protocol::PrivateKey key;
};

/// What a controller signs with, as read from its folder. The root's private key is never there.
struct ControllerKeys {
  protocol::PublicKey root{};
  std::string key_set_jws;  ///< as it is published, root-signed
  protocol::KeySet key_set;
  std::vector<WorkingKey> working;  ///< those listed and not revoked
};

/// `loa keys init`: makes the root key in `root_file` (0600, outside `controller`), one working key for `branch`, and signs key
/// set number 1 into `controller`/keys: `working-<kid>.pem` (0600), `keyset.jws`, `root.pub`. Throws KeyFileError where a root
/// file or keys are there already or the root file lies in the controller's folder, std::system_error where the disk fails.
ControllerKeys init_keys(const std::filesystem::path& root_file, const std::filesystem::path& controller,
                         const std::string& branch, protocol::TimePoint now);

/// `loa keys renew`: a new working key for `branch`, and a key set with the next number in which the keys `revoke` are listed
/// as revoked; their files are removed. Throws as init_keys, also where a kid is unknown or the root is not that of the set.
ControllerKeys renew_keys(const std::filesystem::path& root_file, const std::filesystem::path& controller,
                          const std::string& branch, const std::vector<std::string>& revoke, protocol::TimePoint now);

/// Puts a key set that the root signed and whose number is above the one held in its place, and removes the private keys that it revokes. Throws
/// KeyFileError otherwise; nothing is changed then.
ControllerKeys take_key_set(const std::filesystem::path& controller, const std::string& jws);

/// Reads and checks what those above wrote: the set is signed by root.pub, each private key there is the one listed; one that is listed may be elsewhere.
/// Throws KeyFileError naming the file, std::system_error where one cannot be read.
ControllerKeys load_keys(const std::filesystem::path& controller);

}  // namespace loa::authority
