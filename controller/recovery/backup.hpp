#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

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
  std::vector<std::string> left_alone;  ///< a sentence on each dated backup that backup_and_keep did not dare to count
};

/// `loa-controller backup`: a consistent backup while the controller may run (docs/recovery.md). The database is copied first, at one moment;
/// then the clips that the copy names and the files of the state folder, which can only be newer; a clip that is gone or spoilt is named in
/// the manifest instead. Everything is on the disk and complete under its final name, or not there: `to` must not exist. Throws
/// std::runtime_error or std::system_error with the place where anything else fails.
BackupMade backup_to_folder(const BackupRequest& request, const std::filesystem::path& to);

/// The same as a tar stream into an open file descriptor. Needs room for the database in the state folder while it runs.
BackupMade backup_to_stream(const BackupRequest& request, int to);

/// Makes a backup `loa-YYYYMMDDTHHMMSSZ` in `folder` and then removes all but the newest `keep` finished ones of that name there: of those that
/// are whole, and apart from them of those that lack clips, so that a lack never costs a whole one. What is dated later than the one just made
/// (a clock was wrong) or has no readable manifest is left alone.
BackupMade backup_and_keep(const BackupRequest& request, const std::filesystem::path& folder, int keep);

}  // namespace loa::recovery
