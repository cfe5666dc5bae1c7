#pragma once
#include <filesystem>
#include <string>

#include "tools/loa/command.hpp"

namespace loa::tool {

/// The key set that the controller of the session publishes, and the nodes that hold an older one.
void show_published_keys(const Context& context);

/// The key set in a controller's state folder, and which of its keys' private halves are there. Throws authority::KeyFileError.
void show_keys_in(const Context& context, const std::filesystem::path& controller);

/// A key set as it is published, not verified: whoever has no root's public key at hand may still read it.
void show_keys_of(const Context& context, const std::string& jws);

}  // namespace loa::tool
