#pragma once
#include <filesystem>

#include "tools/loa/client.hpp"

namespace loa::tool {

/// Where the session is kept: $LOA_SESSION, else $XDG_STATE_HOME/loa/session.json, else ~/.local/state/loa/session.json.
std::filesystem::path session_path();

/// The session kept there; an empty one where there is none. Throws CommandError when the file is not ours.
Session load_session(const std::filesystem::path& file);

/// Keeps the session, readable by its owner only.
void save_session(const std::filesystem::path& file, const Session& session);

}  // namespace loa::tool
