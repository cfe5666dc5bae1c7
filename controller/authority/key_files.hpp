#pragma once
#include <filesystem>
#include <optional>
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

/// How long a working key may sign from when it was made, where nothing else is asked for.
inline constexpr std::chrono::hours kWorkingKeyLife{2 * 365 * 24};

/// What a controller signs, and a working key may sign where nothing else is asked for: the one list.
const std::vector<protocol::MessageType>& working_types();

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
  std::vector<WorkingKey> working;  ///< those listed, not revoked, and here: a key that another machine signs with has no file here
};

/// The file in `controller`/keys that holds the key set; it takes its place in one step.
std::filesystem::path key_set_file(const std::filesystem::path& controller);

/// Reads and checks the key files of a controller's state folder: the set is signed by root.pub, and each private key there is the one
/// listed. Throws KeyFileError naming the file, std::system_error where one cannot be read.
ControllerKeys load_keys(const std::filesystem::path& controller);

/// The key set in `jws` (line breaks at its end do not matter), signed by `root`. Throws KeyFileError that begins with `name` otherwise.
protocol::KeySet open_key_set(std::string_view jws, const protocol::PublicKey& root, const std::string& name);

/// load_keys, or nothing where the controller has no key set yet.
std::optional<ControllerKeys> find_keys(const std::filesystem::path& controller);

/// Makes a working key's private half in `controller`/keys (`working-<kid>.pem`, 0600) under a new kid of set `number`; how it is to be
/// listed, without rights and dates. Throws std::system_error where the disk fails.
protocol::SigningKey make_working_key(const std::filesystem::path& controller, std::int64_t number);

/// `loa keys import`: puts a root-signed key set in place in `controller`, and removes the private keys that it revokes. `root` is
/// needed where the controller has no root.pub yet, and is then kept as such. Throws KeyFileError where the set is not signed by the
/// root, is not above the one held, lists only authorities whose keys are not here, or `root` is another than root.pub; nothing is changed then.
ControllerKeys import_keys(const std::filesystem::path& controller, std::string_view jws,
                           const std::optional<protocol::PublicKey>& root);

/// What a person who put `set` in place in `controller` is to know of the certificate authorities that it lists, in sentences; empty where nothing. Blocks on
/// the disk.
std::string note_on_authorities(const std::filesystem::path& controller, const protocol::KeySet& set);

/// The public key in `file`, as `loa keys init` writes it beside the root's. Throws KeyFileError where it is none.
protocol::PublicKey read_public_key(const std::filesystem::path& file);

}  // namespace loa::authority
