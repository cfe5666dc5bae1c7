#pragma once
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <vector>

#include "node-firmware/kept_files.hpp"
#include "protocol/bundle.hpp"
#include "protocol/ed25519.hpp"

namespace loa::node {

/// The node cannot know who it is; what() says what the installer can do, `exit_code` is one of command_line.hpp.
class JoinError : public std::runtime_error {
 public:
  JoinError(int code, const std::string& message) : std::runtime_error(message), exit_code(code) {}
  int exit_code;
};

/// Who this node is, from the bundle it joined with.
struct Identity {
  protocol::Bundle bundle;
  protocol::PrivateKey key;  ///< signs what the node says
  std::vector<Loss> losses = {};  ///< what damage took of the kept bundle, which is kept twice
};

/// Takes `bundle_file` into `state/bundle.json` (mode 0600, whole or not at all) where one is given, then reads what is
/// there. The same node may join again with a newer bundle; a bundle of another node is refused, because this state
/// folder holds the first one's log. A kept bundle that is damaged is made good from its copy. Throws JoinError.
Identity join(const std::filesystem::path& state, const std::optional<std::filesystem::path>& bundle_file);

}  // namespace loa::node
