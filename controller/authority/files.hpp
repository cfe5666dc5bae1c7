#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace loa::authority {

/// Puts `content` under `file` in one step: temporary name, fsync, rename, fsync of the folder. Throws std::system_error; the
/// old file is then as it was.
void write_file(const std::filesystem::path& file, std::string_view content, mode_t mode);

/// As write_file, mode 0600, but never over a file that is there: then std::system_error with EEXIST.
void write_new_secret(const std::filesystem::path& file, std::string_view content);

/// The whole file; throws std::system_error where it cannot be read, std::runtime_error above 4 MiB.
std::string read_file(const std::filesystem::path& file);

/// Makes the folder and those above it; the folder itself gets mode 0700. Throws std::filesystem::filesystem_error.
void make_private_folder(const std::filesystem::path& folder);

}  // namespace loa::authority
