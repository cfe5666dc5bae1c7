#pragma once
#include <filesystem>

#include "controller/recovery/manifest.hpp"

namespace loa::recovery {

/// Throws std::runtime_error with one sentence where the files of a backup, lying in `folder`, would not make a controller: a database that is damaged
/// or of a newer program, a clip that it names and `manifest` neither lists nor calls missing, half a certificate authority, keys
/// that do not belong together. Looks at sizes of clips, not at their bytes.
void check_staged(const std::filesystem::path& folder, const Manifest& manifest);

}  // namespace loa::recovery
