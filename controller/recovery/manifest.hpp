#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/time.hpp"

namespace loa::recovery {

using scheduler::TimePoint;

/// One file of a backup.
struct BackupFile {
  std::string path;  ///< below the state folder, see is_backup_path
  std::int64_t bytes = 0;
  std::string sha256;  ///< 64 lower-case hex digits
  bool operator==(const BackupFile&) const = default;
};

/// What a backup holds: `manifest.json`, strict JSON, the first file of a stream and the last that is written into a folder.
struct Manifest {
  std::int64_t format = 1;
  std::string version;   ///< of the program that made it
  TimePoint made;        ///< the moment of the database's copy; nothing in the backup is older
  std::int64_t schema = 0;  ///< of the database
  std::string database;  ///< what the controller ran on, `sqlite` or `postgresql`; the copy is always SQLite
  std::vector<BackupFile> files;
  std::vector<std::string> missing;  ///< clips that the database names and the disk no longer gave whole
  bool operator==(const Manifest&) const = default;
};

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kDatabaseFile = "loa.db";
/// A manifest is read up to this size; about 700,000 files.
inline constexpr std::size_t kMostManifestBytes = 96 << 20;
inline constexpr std::size_t kMostFiles = 600'000;

/// Whether `text` may be the path of a file of a backup: relative, at most 16 parts and 1,000 bytes, printable ASCII without `\`, no part
/// empty, `.` or `..`, and not the manifest itself.
bool is_backup_path(std::string_view text);

/// `clips/SHA256.opus`.
std::string clip_path(const std::string& sha256);

std::string encode(const Manifest& manifest);
/// Throws std::runtime_error with JSON pointer and reason where the text is not exactly a manifest: unknown or doubled members, values out
/// of range, a path twice, no database.
Manifest decode_manifest(std::string_view text);

}  // namespace loa::recovery
