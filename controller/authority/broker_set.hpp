#pragma once
#include <filesystem>
#include <map>
#include <string>

namespace loa::authority {

/// The files of one set and its `ready`, by name, as they were read once; what is missing is not in it.
using BrokerSet = std::map<std::string, std::string>;

/// Reads the set in `folder`, which another account may write: nothing is reached over a symbolic link. Throws std::system_error where the folder or a file
/// cannot be read, std::runtime_error where one is no plain file. Blocks on the disk.
BrokerSet read_broker_set(const std::filesystem::path& folder);

}  // namespace loa::authority
