#pragma once
#include <filesystem>
#include <string>

#include "controller/recovery/manifest.hpp"

namespace loa::recovery {

/// `loa-controller restore`: makes the state folder `state`, which must be missing or empty, out of a backup (a folder, a tar file, or `-` for a
/// stream on standard input). Every byte is held against the manifest while it is written into a folder of work beside `state`, then the whole is
/// looked through (check_staged), brought to the newest schema and put on hold (store::begin_hold), and only then renamed: before that nothing is in
/// `state`. The broker's files come back without their `ready`, so that nothing of them goes live. Run by root, the files are given to the owner of the empty `state` folder. Throws std::runtime_error or std::system_error with place
/// and reason; what was begun is then removed. Blocks. The manifest is the answer.
Manifest restore(const std::string& from, const std::filesystem::path& state, TimePoint now);

}  // namespace loa::recovery
