#pragma once
#include <filesystem>
#include <string>

namespace loa::media {

/// SHA-256 (FIPS 180-4) of a file as 64 lower-case hexadecimal digits; throws std::system_error where it
/// cannot be read.
std::string sha256_of(const std::filesystem::path& file);
/// The same of an open file, whatever its position is.
std::string sha256_of(int file);

}  // namespace loa::media
