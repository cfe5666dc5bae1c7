#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "controller/recovery/manifest.hpp"

namespace loa::recovery {

/// What is to be backed up, and where to.
struct BackupRequest {
  std::filesystem::path state;
  std::string database_url;
  std::string version;  ///< of this program
  TimePoint now;
};

/// What came of it.
struct BackupMade {
  Manifest manifest;
  std::string place;  ///< the folder; `-` for a stream
  std::int64_t bytes = 0;
};

/// `loa-controller backup`: a consistent backup while the controller may run (docs/recovery.md). The database is copied first, at one moment;
/// then the clips that the copy names and the files of the state folder, which can only be newer; a clip that is gone or spoilt is named in
/// the manifest instead. Everything is on the disk and complete under its final name, or not there: `to` must not exist. Throws
/// std::runtime_error or std::system_error with the place where anything else fails.
BackupMade backup_to_folder(const BackupRequest& request, const std::filesystem::path& to);

/// The same as a tar stream into an open file descriptor. Needs room for the database in the state folder while it runs.
BackupMade backup_to_stream(const BackupRequest& request, int to);

/// Makes a backup `loa-YYYYMMDDTHHMMSSZ` in `folder` and then removes all but the newest `keep` finished ones of that name there.
BackupMade backup_and_keep(const BackupRequest& request, const std::filesystem::path& folder, int keep);

}  // namespace loa::recovery
