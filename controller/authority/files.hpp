#pragma once
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace loa::authority {

/// Puts `content` under `file` in one step: temporary name, fsync, rename, fsync of the folder. Throws std::system_error; the
/// old file is then as it was.
void write_file(const std::filesystem::path& file, std::string_view content, mode_t mode);

/// As write_file, mode 0600, but never over a file that is there: then std::system_error with EEXIST.
void write_new_secret(const std::filesystem::path& file, std::string_view content);

/// Above what as many nodes as a controller takes make of the largest, the broker's `acl`: 650 bytes each.
inline constexpr std::size_t kMostFileBytes = 64 << 20;

/// The whole file; throws std::system_error where it cannot be read, std::runtime_error above kMostFileBytes.
std::string read_file(const std::filesystem::path& file);

/// The whole file `name` of a folder that another account writes: nothing where there is none. Neither the folder nor the file is reached over a
/// symbolic link, and what is no plain file is not waited for. Throws std::system_error, or std::runtime_error where it is no plain file or above 4 MiB.
std::optional<std::string> read_foreign_file(const std::filesystem::path& folder, const std::string& name);

/// Makes the folder and those above it; the folder itself gets mode 0700. Throws std::filesystem::filesystem_error.
void make_private_folder(const std::filesystem::path& folder);

}  // namespace loa::authority
