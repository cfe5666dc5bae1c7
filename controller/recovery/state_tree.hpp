#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace loa::recovery {

/// A file of the state folder as it was found, with what changes when it is written anew.
struct StateFile {
  std::string path;  ///< below the state folder
  std::int64_t bytes = 0;
  std::int64_t changed_ns = 0;
  std::uint64_t inode = 0;
  bool operator==(const StateFile&) const = default;
};

/// Why a name directly in the state folder is not taken as it lies; nullptr: it is taken. This is the whole list of exceptions.
const char* reason_left_out(const std::string& name);

/// Every file below the state folder that a backup takes as it lies, by path: whole folders, so that a secret that a later version keeps there is
/// taken too. Left out are names that begin with a dot (work in hand) and what reason_left_out names. Throws std::runtime_error with the
/// path at a link, a socket or a name that a backup cannot hold: what a backup would miss must be said.
std::vector<StateFile> list_state(const std::filesystem::path& state);

}  // namespace loa::recovery
